//! stub
use crate::text::Span;
use std::marker::PhantomData;
#[derive(Clone, Copy)]
pub struct Node<'d>(PhantomData<&'d ()>);
pub enum Scalar<'d> {
    Null,
    Str(&'d str),
    Bool(bool),
}
impl<'d> Node<'d> {
    pub fn span(self) -> Span {
        todo!()
    }
    pub fn anchor(self) -> Span {
        todo!()
    }
    pub fn is_map(self) -> bool {
        todo!()
    }
    pub fn is_null(self) -> bool {
        todo!()
    }
    pub fn text(self) -> Option<&'d str> {
        todo!()
    }
    pub fn as_str(self) -> Option<&'d str> {
        todo!()
    }
    pub fn as_i64(self) -> Option<i64> {
        todo!()
    }
    pub fn as_f64(self) -> Option<f64> {
        todo!()
    }
    pub fn as_bool(self) -> Option<bool> {
        todo!()
    }
    pub fn scalar(self) -> Option<Scalar<'d>> {
        todo!()
    }
    pub fn get(self, _: &str) -> Option<Node<'d>> {
        todo!()
    }
    pub fn path(self, _: &[&str]) -> Option<Node<'d>> {
        todo!()
    }
    pub fn entries(self) -> impl Iterator<Item = (Node<'d>, Node<'d>)> {
        std::iter::empty()
    }
    pub fn items(self) -> impl Iterator<Item = Node<'d>> {
        std::iter::empty()
    }
    pub fn pointer(self) -> String {
        todo!()
    }
}
