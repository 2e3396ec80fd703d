//! The operator's table of images: kept here, checked before it is kept, and sent to workers.

use crate::{Engine, EngineError, Viewer};
use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use travis_model::Timestamp;

/// Under this name it is kept.
const KEY: &str = "images";

/// The operator's table of images.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorImages {
    /// The rows, in the words of `images.toml`.
    pub text: String,
    /// SHA-256 of the text in hex; empty when there are no rows.
    pub mark: String,
    /// Rows for jobs.
    pub images: usize,
    /// Rows for services.
    pub services: usize,
    /// When it was changed last, in milliseconds since 1970.
    pub updated_at: Option<i64>,
    /// Who changed it.
    pub updated_by: Option<String>,
}

impl OperatorImages {
    /// When it was changed last.
    #[must_use]
    pub fn changed(&self) -> Option<Timestamp> {
        self.updated_at.map(Timestamp)
    }
}

impl Engine {
    /// The operator's table of images, for workers.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn images(&self) -> Result<OperatorImages, EngineError> {
        let kept = self.store.reader().await?.setting(KEY).await?;
        Ok(kept
            .and_then(|kept| serde_json::from_str(&kept).ok())
            .unwrap_or_default())
    }

    /// The same, for people.
    ///
    /// # Errors
    /// When the viewer is no operator.
    pub async fn images_for(&self, viewer: &Viewer) -> Result<OperatorImages, EngineError> {
        viewer.operator()?;
        self.images().await
    }

    /// Puts a table in place of the one before. Workers hear it with their next poll.
    ///
    /// # Errors
    /// When the viewer is no operator, or the text can't be meant as it stands: the message names
    /// the line and what to do.
    pub async fn set_images(
        &self,
        viewer: &Viewer,
        text: &str,
    ) -> Result<OperatorImages, EngineError> {
        let operator = viewer.operator()?.login.clone();
        let table = travis_images::examine(text)
            .map_err(|error| EngineError::invalid("text", error.to_string()))?;
        let (images, services) = (table.image.len(), table.service.len());
        let mark = if images + services == 0 {
            String::new()
        } else {
            hex::encode(digest(&SHA256, text.as_bytes()))
        };
        let kept = OperatorImages {
            text: text.to_owned(),
            mark,
            images,
            services,
            updated_at: Some(self.now().0),
            updated_by: Some(operator),
        };
        let value = serde_json::to_string(&kept)
            .map_err(|error| EngineError::invalid("text", error.to_string()))?;
        let mut tx = self.store.begin().await?;
        tx.put_setting(KEY, &value).await?;
        let detail = format!("{images} rows for jobs, {services} for services");
        tx.append_audit(&self.deed(viewer, "images.change", "images".to_owned(), detail))
            .await?;
        tx.commit().await?;
        Ok(kept)
    }
}
