//! A boosting that is killed goes on from the bags it had finished, to the same file.

use std::{fmt::Write as _, time::Duration};

use helder_testkit::Platform;
use serde_json::{Value, json};

use crate::{
    journey::{self, Framed, People},
    municipality::{Dice, bsn},
    support::{HERE, eventually},
};

const WITHIN: Duration = Duration::from_mins(2);

/// So many that bags take a while each.
const PEOPLE: usize = 20_000;
const INPUTS: usize = 6;

/// Rounds that are done when the process is killed first, of all bags together.
const KILLED_AT: u64 = 6_000;
/// How often a moment is sought at which some bags have finished and others have not.
const TRIES: usize = 8;

fn people() -> (String, Value) {
    let mut dice = Dice::of(3);
    let names: Vec<String> = (0..INPUTS).map(|input| format!("kenmerk{input}")).collect();
    let mut file = format!("bsn;{};uitkomst;groep\n", names.join(";"));
    for index in 0..PEOPLE {
        write!(file, "{}", bsn(index)).unwrap();
        let mut sum = dice.below(300);
        for _ in 0..INPUTS {
            let value = dice.below(100);
            sum += value;
            write!(file, ";{value}").unwrap();
        }
        let (outcome, group) = (u8::from(sum > 550), ["A", "B"][dice.below(2)]);
        writeln!(file, ";{outcome};{group}").unwrap();
    }
    let number = |name: &String| json!({"name": name, "type": "integer"});
    let mut fields = vec![json!({"name": "bsn", "semanticType": "bsn"})];
    fields.extend(names.iter().map(number));
    fields.push(json!({"name": "uitkomst", "type": "integer"}));
    fields.push(json!({"name": "groep", "type": "string"}));
    (file, json!({"fields": fields}))
}

fn training(of: &Framed) -> Value {
    let words = |text: &str| json!({"nl": text, "en": text});
    let feature = |input| {
        let name = format!("kenmerk{input}");
        json!({"name": name, "meaning": words(&name), "justification": "Verzonnen, en hangt samen met de uitkomst."})
    };
    json!({
        "projectId": of.project, "frameId": of.frame,
        "model": {"name": "hervat", "title": words("Hervat"), "meaning": words("of het gebeurt")},
        "algorithm": "explainable-boosting", "target": "uitkomst",
        "features": (0..INPUTS).map(feature).collect::<Vec<_>>(),
        "sensitiveFeatures": ["groep"],
        "split": {"rule": "random", "testShare": 0.3},
        "seed": 7,
    })
}

/// Starts a run and kills the platform when so many rounds are done; gives the job as it ended.
async fn killed(platform: &mut Platform, people: &People, plan: &Value, rounds: u64) -> Value {
    let job = journey::start(&people.analyst, "/training/v1/training-runs", plan).await;
    eventually(WITHIN, || async {
        let job = people.analyst.get(&job).await.json();
        let is_open = matches!(job["state"].as_str(), Some("queued" | "running"));
        let done = job["progress"]["done"].as_u64().unwrap_or(0);
        (!is_open || (job["progress"]["unit"] == "rounds" && done >= rounds)).then_some(())
    })
    .await;
    platform.kill().unwrap();
    platform.restart().await.unwrap();
    journey::ended(&people.analyst, &job).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_boosting_learns_fewer_bags_again_and_gives_the_same_file() {
    let mut platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let (file, contract) = self::people();
    let framed = journey::framed(&platform, &people, ("hervat", &file), contract).await;
    let plan = training(&framed);
    let mut rounds = KILLED_AT;
    let mut caught = None;
    for _ in 0..TRIES {
        let ended = killed(&mut platform, &people, &plan, rounds).await;
        assert_eq!(ended["state"], "succeeded", "{ended}");
        println!(
            "killed at {rounds} rounds: {} attempts, {} bags taken over",
            ended["attempts"],
            kept(&ended)
        );
        if ended["attempts"] == 1 {
            // It had ended before.
            rounds = rounds * 2 / 3;
        } else if kept(&ended) == 0 {
            rounds = rounds * 3 / 2;
        } else {
            caught = Some(ended);
            break;
        }
    }
    let ended = caught.expect("never killed between the first bag and the last");
    assert_eq!(ended["attempts"], 2, "{ended}");

    let resumed = people
        .analyst
        .get(ended["result"].as_str().unwrap())
        .await
        .json();
    let whole = journey::run(&people.analyst, "/training/v1/training-runs", &plan).await;
    assert!(resumed["outcome"]["modelDigest"].is_string(), "{resumed}");
    for file in ["modelDigest", "evaluation", "fairness"] {
        assert_eq!(resumed["outcome"][file], whole["outcome"][file], "{file}");
    }
}

fn kept(job: &Value) -> u64 {
    job["learning"]["keptBags"].as_u64().unwrap_or(0)
}
