//! Cooperative matrices: 16 by 16 numbers that a subgroup holds together.
//!
//! Here a subgroup is a vector, so a matrix is as many vectors as its 16 rows take, and each operation is one call of
//! `lanes`. A GPU's subgroup has to come to such an operation together, and ours too: a mask is refused.

use naga::{CooperativeData, Expression, Handle};

use super::{
    Translator,
    frame::Context,
    memory::Way,
    place::{Layout, Place, Region, Root},
    term::{Kind, Term, Value},
};

impl<'a> Translator<'a> {
    /// The matrix that lies in memory.
    pub fn load_matrix(&mut self, data: &CooperativeData, context: &Context) -> Result<Value, String> {
        together(context)?;
        let (region, at) = self.matrix_in_memory(data)?;
        self.touch(&region, Way::VectorLoad);
        Ok(matrix(self.text.bind(&format!("load_c({}, {at})", region.name))))
    }

    /// Puts a matrix into memory.
    pub fn store_matrix(
        &mut self,
        target: Handle<Expression>,
        data: &CooperativeData,
        context: &Context,
    ) -> Result<(), String> {
        together(context)?;
        let value = self.number(target)?.vector();
        let (region, at) = self.matrix_in_memory(data)?;
        self.touch(&region, Way::VectorStore);
        self.text.line(format!("store_c({}, {at}, &{value});", region.name));
        Ok(())
    }

    /// `a b + c`.
    pub fn multiply_matrices(
        &mut self,
        factors_and_sum: [Handle<Expression>; 3],
        context: &Context,
    ) -> Result<Value, String> {
        together(context)?;
        let [a, b, c] = factors_and_sum.map(|handle| self.number(handle).map(|term| term.vector()));
        Ok(matrix(self.text.bind(&format!("multiply_add_c(&{}, &{}, &{})", a?, b?, c?))))
    }

    /// The memory of a matrix; its first word, the words from row to row and those from column to column, as arguments.
    fn matrix_in_memory(&mut self, data: &CooperativeData) -> Result<(Region, String), String> {
        let Place { root, offset, layout } = self.pointer(data.pointer)?;
        let Root::Memory(region) = root else { return Err("a matrix that does not lie in memory".into()) };
        // A stride counts what the pointer points to.
        let words = match &*layout {
            Layout::Number(_) => 1,
            Layout::Row { count: Some(count), stride: 1, .. } => *count,
            _ => return Err("a matrix of something else than numbers".into()),
        };
        let (Some(first), Some(stride)) = (offset.scalar(), self.number(data.stride)?.scalar()) else {
            return Err("a matrix at a place that differs by lane".into());
        };
        let stride = if words == 1 { stride } else { format!("({stride}).wrapping_mul({words})") };
        let at = if data.row_major { format!("{first}, {stride}, 1") } else { format!("{first}, 1, {stride}") };
        Ok((region, at))
    }
}

fn matrix(name: String) -> Value {
    Value::Number(Term::varying(Kind::Matrix, name))
}

/// Refuses a mask.
fn together(context: &Context) -> Result<(), String> {
    match context.mask {
        None => Ok(()),
        Some(_) => Err("a matrix that not all lanes come to together".into()),
    }
}
