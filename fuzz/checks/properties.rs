//! What must hold for any bytes given as properties. The fuzz target checks it, and a test replays the corpus with it.

use crate::json::Json;
use crate::properties;

pub fn check(data: &[u8]) {
    let Ok(json) = serde_json::from_slice::<Json>(data) else {
        return;
    };
    match properties::read(&json) {
        Ok(read) => {
            let printed = serde_json::to_string(&read.desired).expect("can be printed");
            let json = serde_json::from_str(&printed).expect("is JSON");
            let again = properties::read(&json).expect("what is wanted can be asked for again");
            assert_eq!(again.desired, read.desired, "{printed}");
            assert_eq!(again.warnings, [], "{printed}");
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                assert!(!problem.text.starts_with("could not be taken over"), "{problem}");
            }
        }
    }
}
