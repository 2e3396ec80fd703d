//! Columns of a row, read one after another, and values that are kept as JSON.

use super::Row;
use crate::dialect::Db;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Decode, Row as _, Type};
use travis_model::Timestamp;
use travis_store::StoreError;

/// Reads the columns of a row one after another.
pub struct Columns<'r> {
    row: &'r Row,
    table: &'static str,
    at: usize,
}

impl<'r> Columns<'r> {
    pub fn new(row: &'r Row, table: &'static str) -> Self {
        Self { row, table, at: 0 }
    }

    pub fn corrupt(&self, detail: impl std::fmt::Display) -> StoreError {
        StoreError::Corrupt {
            table: self.table,
            detail: detail.to_string(),
        }
    }

    pub fn get<T: Decode<'r, Db> + Type<Db>>(&mut self) -> Result<T, StoreError> {
        let value = self
            .row
            .try_get(self.at)
            .map_err(|error| self.corrupt(error))?;
        self.at += 1;
        Ok(value)
    }

    pub fn id<T: From<i64>>(&mut self) -> Result<T, StoreError> {
        Ok(self.get::<i64>()?.into())
    }

    pub fn maybe_id<T: From<i64>>(&mut self) -> Result<Option<T>, StoreError> {
        Ok(self.get::<Option<i64>>()?.map(T::from))
    }

    pub fn time(&mut self) -> Result<Timestamp, StoreError> {
        Ok(Timestamp(self.get()?))
    }

    pub fn maybe_time(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.get::<Option<i64>>()?.map(Timestamp))
    }

    pub fn small<T: TryFrom<i64>>(&mut self) -> Result<T, StoreError> {
        let value: i64 = self.get()?;
        T::try_from(value)
            .map_err(|_| self.corrupt(format_args!("the number {value} does not fit")))
    }

    pub fn maybe_small<T: TryFrom<i64>>(&mut self) -> Result<Option<T>, StoreError> {
        match self.get::<Option<i64>>()? {
            None => Ok(None),
            Some(value) => T::try_from(value)
                .map(Some)
                .map_err(|_| self.corrupt(format_args!("the number {value} does not fit"))),
        }
    }

    pub fn word<T>(&mut self, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
        let word: &str = self.get()?;
        parse(word).ok_or_else(|| self.corrupt(format_args!("the word {word:?} is unknown")))
    }

    pub fn maybe_word<T>(
        &mut self,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        let Some(word) = self.get::<Option<&str>>()? else {
            return Ok(None);
        };
        parse(word)
            .map(Some)
            .ok_or_else(|| self.corrupt(format_args!("the word {word:?} is unknown")))
    }

    pub fn json<T: DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        let text: &str = self.get()?;
        serde_json::from_str(text).map_err(|error| self.corrupt(error))
    }

    pub fn maybe_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        self.get::<Option<&str>>()?
            .map(|text| serde_json::from_str(text).map_err(|error| self.corrupt(error)))
            .transpose()
    }
}

/// Reads every row.
pub fn all<T>(
    rows: &[Row],
    read: impl Fn(&Row) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(read).collect()
}

/// Reads the row, if there is one.
pub fn maybe<T>(
    row: Option<&Row>,
    read: impl Fn(&Row) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    row.map(read).transpose()
}

/// A value as it is kept.
pub fn json_text<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Database(format!("a value can't be kept as JSON: {error}")))
}

/// A value as it is kept, if there is one.
pub fn maybe_json_text<T: Serialize>(value: Option<&T>) -> Result<Option<String>, StoreError> {
    value.map(json_text).transpose()
}
