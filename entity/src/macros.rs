//! What every table file would otherwise repeat.

/// A closed set of values, stored and sent in snake_case.
macro_rules! closed_enum {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $about:literal])* $value:ident),+ $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, sea_orm::EnumIter, sea_orm::DeriveActiveEnum,
            serde::Serialize, serde::Deserialize)]
        #[sea_orm(rs_type = "String", db_type = "String(sea_orm::sea_query::StringLen::N(32))", rename_all = "snake_case")]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[doc = $about])* $value),+ }

        impl $name {
            /// The stored and sent spelling.
            pub fn as_str(self) -> String {
                sea_orm::ActiveEnum::into_value(self)
            }
        }

        impl crate::Documented for $name {
            const ABOUT: &'static str = concat!($($doc, "\n"),*);

            fn about(self) -> &'static str {
                match self {
                    $(Self::$value => concat!($($about, "\n"),*)),+
                }
            }
        }
    };
}

/// What sea-orm asks of every table, and we have no use for: `CompanyScope` knows no relations. `#[sea_orm::model]` would
/// bring it too, and three more types for each table, which take two thirds of the crate's build.
macro_rules! plain_table {
    () => {
        #[derive(Clone, Copy, Debug, sea_orm::EnumIter, sea_orm::DeriveRelation)]
        pub enum Relation {}

        impl sea_orm::ActiveModelBehavior for ActiveModel {}
    };
}

/// Says which column holds the company: the table can then be reached through a [`crate::CompanyScope`] only.
macro_rules! company_owned {
    () => {
        crate::macros::plain_table!();
        impl crate::CompanyOwned for Entity {
            const COMPANY: Column = Column::CompanyId;
        }
    };
}

pub(crate) use {closed_enum, company_owned, plain_table};
