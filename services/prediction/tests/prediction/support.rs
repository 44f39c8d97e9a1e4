//! A folder with everything a service needs.

use std::time::{Duration, Instant};

use helder_model::{Model, Scorer};
use helder_platform::{
    keyring::{KeyRing, MasterKeys},
    objects::Objects,
};
use helder_prediction::{active::Active, registry::ActiveVersion, served::Served};
use helder_types::{Caller, Digest, OrganisationId, Permission};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const MODEL: &[u8] =
    include_bytes!("../../../../crates/model/tests/formats/1/economic-homelessness.json");
pub(crate) const VISITS: &[u8] =
    include_bytes!("../../../../crates/model/tests/formats/1/visits.json");
pub(crate) const GROUPS: &[u8] =
    include_bytes!("../../../../crates/model/tests/formats/1/client-groups.json");
pub(crate) const VALUES: &str =
    r#"{"huurachterstand":120000,"bijstand":true,"woonvorm":"huur","meldingen":2.5,"kinderen":1}"#;

pub(crate) fn scorer() -> Scorer {
    Scorer::new(&Model::from_json(MODEL).unwrap()).unwrap()
}

pub(crate) fn breda() -> OrganisationId {
    "GM0758".parse().unwrap()
}

pub(crate) fn caller(permissions: &[Permission]) -> Caller {
    helder_platform::testing::caller("GM0758", "consulent-7", permissions).unwrap()
}

pub(crate) fn version(name: &str, digest: Digest) -> ActiveVersion {
    ActiveVersion {
        organisation: breda(),
        model_id: Uuid::from_u128(1),
        model_name: name.to_owned(),
        model_version_id: Uuid::from_u128(2),
        digest,
        project_id: Uuid::from_u128(3),
        verwerkingsactiviteit: "https://gemeente.example/verwerkingen/vroegsignalering".to_owned(),
        activated_at: None,
    }
}

pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) objects: Objects,
    pub(crate) keyring: KeyRing,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::local(folder.path().join("objects")).unwrap();
        let masters = MasterKeys::from_file_or_new(&folder.path().join("master.key")).unwrap();
        let keyring = KeyRing::open(
            masters,
            &format!("file:{}", folder.path().join("shelf").display()),
        )
        .unwrap();
        Self {
            folder,
            objects,
            keyring,
        }
    }

    pub(crate) async fn put(&self, bytes: &'static [u8]) -> Digest {
        self.objects
            .put_bytes(&breda(), bytes.into())
            .await
            .unwrap()
    }

    /// A set in which this model is in force.
    pub(crate) async fn active(&self, name: &str, bytes: &'static [u8]) -> Active {
        let active = Active::new(
            self.objects.clone(),
            self.keyring.clone(),
            Duration::from_mins(1),
        );
        active
            .apply(vec![version(name, self.put(bytes).await)], Instant::now())
            .await;
        active
    }

    pub(crate) async fn served(&self, bytes: &'static [u8]) -> Served {
        let pseudonymiser = self
            .keyring
            .pseudonymiser(&breda(), Uuid::from_u128(3))
            .await
            .unwrap();
        let model = Model::from_json(bytes).unwrap();
        Served::new(
            version(&model.name, Digest::of(bytes)),
            &model,
            pseudonymiser,
        )
        .unwrap()
    }
}
