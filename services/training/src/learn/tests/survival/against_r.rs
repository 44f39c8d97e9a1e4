//! Chances of competing ends beside those of R.

use helder_model::Model;
use serde_json::json;

use super::{super::frame::learned, Set, causes, outlooks, outside, survival};

/// R 4.2.2, survival 3.5-3 (`survfit` of a multi-state `coxph`): `tests/reference/competing.R`. Per client and horizon: lasting, then per cause.
const OF_R: [[[f64; 4]; 3]; 3] = [
    [
        [
            0.540_929_118_915_527_2,
            0.321_262_760_169_700_1,
            0.044_366_954_484_488_1,
            0.093_441_166_430_284_6,
        ],
        [
            0.344_054_694_658_639_1,
            0.459_548_553_750_419_7,
            0.062_341_671_751_387,
            0.134_055_079_839_554_2,
        ],
        [
            0.147_746_461_438_793,
            0.604_394_397_320_854_2,
            0.079_091_145_094_159_3,
            0.168_767_996_146_193_6,
        ],
    ],
    [
        [
            0.533_063_045_104_671_1,
            0.218_373_671_449_926_8,
            0.093_801_741_479_750_4,
            0.154_761_541_965_651_7,
        ],
        [
            0.336_649_896_239_589,
            0.311_007_847_300_522_1,
            0.131_260_245_051_138_1,
            0.221_082_011_408_751_4,
        ],
        [
            0.145_350_317_273_567_8,
            0.409_374_401_974_076_6,
            0.166_662_311_260_381_3,
            0.278_612_969_491_974_4,
        ],
    ],
    [
        [
            0.498_674_861_035_617_2,
            0.274_107_806_959_998_5,
            0.073_619_707_058_690_9,
            0.153_597_624_945_693_5,
        ],
        [
            0.299_403_863_831_099_4,
            0.383_568_758_977_153_4,
            0.101_301_596_489_453,
            0.215_725_780_702_294_3,
        ],
        [
            0.117_249_900_181_326_7,
            0.491_778_417_831_428_6,
            0.125_428_621_306_339_2,
            0.265_543_060_680_905_5,
        ],
    ],
];

#[test]
fn chances_of_competing_ends_are_those_of_r() {
    let Some(unemployed) = outside("unempdur.csv") else {
        println!("NOT RUN: HELDER_REFERENCE_DATA is not set");
        return;
    };
    let set = Set {
        csv: &unemployed,
        numbers: &["age", "reprate", "logwage"],
        unit: 14.0,
    };
    let ended = set.causes();
    let mut plan = survival(set.numbers);
    causes(&mut plan, &["1", "2", "3"]);
    plan["split"] = json!({"rule": "none"});
    plan["hyperparameters"] = json!({"ties": "breslow"});
    let found = learned(set.frame("spell", &ended), &plan).unwrap();
    let outlooks = outlooks(&Model::from_json(&found.model).unwrap(), &set);
    let mut worst = 0.0_f64;
    for (row, expected) in [0, 9, 99].into_iter().zip(OF_R) {
        for (horizon, expected) in expected.into_iter().enumerate() {
            let outlook = &outlooks[row];
            let ended = outlook
                .causes
                .iter()
                .map(|cause| cause.ended[horizon].chance);
            let ours = std::iter::once(outlook.lasting[horizon].chance).chain(ended);
            for (ours, of_r) in ours.zip(expected) {
                worst = worst.max((ours / of_r - 1.0).abs());
            }
        }
    }
    println!("largest relative difference from R {worst:e}");
    // R stops its search a little early.
    assert!(worst < 1e-8, "{worst:e}");
}
