//! What a visitor does with a value of another type than it wants.

/// The text a visitor says it expects.
macro_rules! wants {
    ($what:literal) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str($what)
        }
    };
}

/// What stands somewhere, when it is not what was wanted: read over, so that the rest is still checked.
macro_rules! wrong_unless {
    (list) => { wrong_unless!(@scalars); wrong_unless!(@map); };
    (map) => { wrong_unless!(@scalars); wrong_unless!(@list); };
    (@scalars) => {
        fn visit_unit<E>(self) -> Result<(), E> { self.wrong(); Ok(()) }
        fn visit_bool<E>(self, _: bool) -> Result<(), E> { self.wrong(); Ok(()) }
        fn visit_i64<E>(self, _: i64) -> Result<(), E> { self.wrong(); Ok(()) }
        fn visit_u64<E>(self, _: u64) -> Result<(), E> { self.wrong(); Ok(()) }
        fn visit_f64<E>(self, _: f64) -> Result<(), E> { self.wrong(); Ok(()) }
        fn visit_str<E>(self, _: &str) -> Result<(), E> { self.wrong(); Ok(()) }
    };
    (@list) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            self.wrong();
            Ok(())
        }
    };
    (@map) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            self.wrong();
            Ok(())
        }
    };
}
