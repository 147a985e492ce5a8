//! The frames of a video from stdin to stdout. All that is said goes to stderr.

use std::{
    io::{self, Read, Write},
    process::ExitCode,
    time::{Duration, Instant},
};

use sumi::train::{Error, stylize::Stylist};

use super::terminal::aside;

/// Seconds between two lines.
const QUIET: Duration = Duration::from_secs(5);

/// A frame of a video has at most so many pixels along a side.
const MOST: usize = 16_384;

/// [height, width] from `WxH`.
pub fn size(text: &str) -> Result<[usize; 2], String> {
    let parsed = text.split_once(['x', 'X', '×']).and_then(|(width, height)| {
        let side = |text: &str| text.parse().ok().filter(|side| (1..=MOST).contains(side));
        Some([side(height)?, side(width)?])
    });
    parsed.ok_or_else(|| format!("expected the size of a frame such as 1280x720, sides up to {MOST}"))
}

/// Draws frames until there are no more, or nobody wants them.
pub fn draw(stylist: &mut Stylist, size: [usize; 2]) -> Result<ExitCode, Error> {
    let [height, width] = size;
    aside(&format!("Weights: {}", stylist.about()));
    aside(&format!("Adapter {}", stylist.gpu().adapter()));
    let plan = stylist.plan(size)?;
    aside(&plan.describe());
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let (start, mut told, mut frames) = (Instant::now(), Instant::now(), 0_u64);
    loop {
        let frame = match read(&mut input, 3 * height * width).map_err(Error::io("read", "the frames on stdin"))? {
            Frame::Whole(frame) => frame,
            Frame::End => break,
            Frame::Cut(bytes) => {
                return Err(Error::Config(format!(
                    "after {frames} frames the last one has {bytes} bytes instead of the {} of {width}×{height} in \
                     RGB: the stream was cut off, or --video is not its size, or it is not -pix_fmt rgb24",
                    3 * height * width
                )));
            }
        };
        let drawn = stylist.draw_frame(frame, &plan)?;
        match output.write_all(&drawn).and_then(|()| output.flush()) {
            // Whoever wanted the frames has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            written => written.map_err(Error::io("write", "the frames on stdout"))?,
        }
        frames += 1;
        if told.elapsed() > QUIET {
            told = Instant::now();
            aside(&format!("{frames} frames, {:.2} a second", frames as f64 / start.elapsed().as_secs_f64()));
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    aside(&format!("{frames} frames in {seconds:.1} s, {:.2} a second", frames as f64 / seconds.max(1e-9)));
    Ok(ExitCode::SUCCESS)
}

enum Frame {
    Whole(Vec<u8>),
    /// The stream ended within it, after so many bytes.
    Cut(usize),
    End,
}

fn read(input: &mut dyn Read, bytes: usize) -> io::Result<Frame> {
    let mut frame = Vec::with_capacity(bytes);
    input.take(bytes as u64).read_to_end(&mut frame)?;
    Ok(match frame.len() {
        0 => Frame::End,
        found if found < bytes => Frame::Cut(found),
        _ => Frame::Whole(frame),
    })
}

#[cfg(test)]
mod tests {
    use super::{Frame, read, size};

    #[test]
    fn sizes_are_read() {
        assert_eq!(size("640x360"), Ok([360, 640]));
        for wrong in ["640", "640x", "0x3", "-1x2", "axb", "99999x2"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_frame_is_whole_or_cut_or_none() {
        let mut input = &[0; 7][..];
        assert!(matches!(read(&mut input, 4), Ok(Frame::Whole(frame)) if frame.len() == 4));
        assert!(matches!(read(&mut input, 4), Ok(Frame::Cut(3))));
        assert!(matches!(read(&mut input, 4), Ok(Frame::End)));
    }
}
