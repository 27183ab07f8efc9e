//! The company scope: a query without a company cannot be written by accident.
//!
//! It is minted in few places only, each of which has proved the company: from the caller of a request, from a webhook
//! whose signature was verified, from a claimed job, and from a link that we signed ourselves. Clippy forbids both the minting and SeaORM's unscoped
//! functions everywhere else.

use sea_orm::sea_query::Value;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, DeleteMany, EntityTrait, Insert, IntoActiveModel,
    PrimaryKeyToColumn, PrimaryKeyTrait, QueryFilter, Select, UpdateMany,
};

use crate::id::CompanyId;

/// A table whose rows belong to one company each.
pub trait CompanyOwned: EntityTrait {
    const COMPANY: Self::Column;
}

/// The right to read and write the rows of one company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CompanyScope {
    company: CompanyId,
}

impl CompanyScope {
    /// Makes the scope of `company` out of nothing. Only for who has proved that he may act for that company.
    pub fn dangerous_mint(company: CompanyId) -> Self {
        Self { company }
    }

    pub fn company(&self) -> CompanyId {
        self.company
    }

    /// The company's rows of this table.
    pub fn find<E: CompanyOwned>(&self) -> Select<E> {
        E::find().filter(E::COMPANY.eq(self.company))
    }

    /// One row of the company by its primary key; another company's row is not there.
    pub fn find_by_id<E>(&self, id: impl Into<Value>) -> Select<E>
    where
        E: CompanyOwned,
    {
        self.find::<E>().filter(first_key_column::<E>().eq(id))
    }

    /// Inserts a row, as the company's whatever the model says.
    pub async fn insert<E, C>(&self, db: &C, model: E::Model) -> Result<(), DbErr>
    where
        E: CompanyOwned,
        E::Model: IntoActiveModel<E::ActiveModel>,
        C: ConnectionTrait,
    {
        E::insert(self.owned::<E>(model)).exec_without_returning(db).await.map(drop)
    }

    /// Inserts rows, as the company's; none is nothing to do.
    pub async fn insert_many<E, C>(&self, db: &C, models: Vec<E::Model>) -> Result<(), DbErr>
    where
        E: CompanyOwned,
        E::Model: IntoActiveModel<E::ActiveModel>,
        E::ActiveModel: Send,
        C: ConnectionTrait,
    {
        if models.is_empty() {
            return Ok(());
        }
        let rows = models.into_iter().map(|model| self.owned::<E>(model));
        E::insert_many(rows).exec_without_returning(db).await.map(drop)
    }

    /// Inserts a row unless it conflicts with one that is there; tells whether it was inserted.
    pub async fn insert_or_ignore<E, C>(&self, db: &C, model: E::Model) -> Result<Inserted, DbErr>
    where
        E: CompanyOwned,
        E::Model: IntoActiveModel<E::ActiveModel>,
        C: ConnectionTrait,
    {
        let insert: Insert<E::ActiveModel> = E::insert(self.owned::<E>(model));
        let mut query = sea_orm::QueryTrait::into_query(insert);
        query.on_conflict(sea_orm::sea_query::OnConflict::new().do_nothing().to_owned());
        let rows = db.execute(&query).await?.rows_affected();
        Ok(if rows == 1 { Inserted::Yes } else { Inserted::Conflicted })
    }

    /// Writes the changed columns of one row. Answers whether the row was there.
    pub async fn update<E, C>(
        &self,
        db: &C,
        id: impl Into<Value>,
        changes: E::ActiveModel,
    ) -> Result<Updated, DbErr>
    where
        E: CompanyOwned,
        C: ConnectionTrait,
    {
        let done =
            self.update_many::<E>().set(changes).filter(first_key_column::<E>().eq(id)).exec(db).await?;
        Ok(if done.rows_affected > 0 { Updated::Yes } else { Updated::NoSuchRow })
    }

    /// Writes a whole row back.
    pub async fn save<E, C>(&self, db: &C, id: impl Into<Value>, model: E::Model) -> Result<Updated, DbErr>
    where
        E: CompanyOwned,
        E::Model: IntoActiveModel<E::ActiveModel>,
        C: ConnectionTrait,
    {
        self.update::<E, C>(db, id, self.owned::<E>(model)).await
    }

    pub fn update_many<E: CompanyOwned>(&self) -> UpdateMany<E> {
        E::update_many().filter(E::COMPANY.eq(self.company))
    }

    pub fn delete_many<E: CompanyOwned>(&self) -> DeleteMany<E> {
        E::delete_many().filter(E::COMPANY.eq(self.company))
    }

    fn owned<E>(&self, model: E::Model) -> E::ActiveModel
    where
        E: CompanyOwned,
        E::Model: IntoActiveModel<E::ActiveModel>,
    {
        let mut row = model.into_active_model().reset_all();
        row.set(E::COMPANY, self.company.into());
        row
    }
}

fn first_key_column<E: EntityTrait>() -> E::Column {
    let key = <E::PrimaryKey as sea_orm::Iterable>::iter().next().expect("every table has a primary key");
    let _ = <E::PrimaryKey as PrimaryKeyTrait>::auto_increment();
    key.into_column()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Inserted {
    Yes,
    Conflicted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Updated {
    Yes,
    NoSuchRow,
}
