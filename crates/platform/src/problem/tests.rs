use super::*;

#[test]
fn a_cause_is_never_shown() {
    let problem = Problem::internal(std::io::Error::other("password=geheim"));
    let body = serde_json::to_string(&problem.details()).unwrap();
    assert!(!body.contains("geheim"));
    assert!(!problem.to_string().contains("geheim"));
    assert_eq!(problem.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[test]
fn all_faults_travel_in_one_answer() {
    let problem = Problem::invalid(vec![
        Fault::new("/a", "missing", "give a"),
        Fault::new("/b", "type", "give a number"),
    ]);
    assert_eq!(problem.details().errors.len(), 2);
    assert_eq!(problem.status(), StatusCode::BAD_REQUEST);
}

#[test]
fn retry_after_and_allow_are_headers() {
    let response = Problem::too_many_requests(7).error_response();
    assert_eq!(response.headers().get("retry-after").unwrap(), "7");
    assert_eq!(response.headers().get("content-type").unwrap(), MEDIA_TYPE);
    let response = Problem::method_not_allowed("GET, POST").error_response();
    assert_eq!(response.headers().get("allow").unwrap(), "GET, POST");
}

#[test]
fn a_problem_of_another_service_keeps_its_code() {
    let first = Problem::forbidden("project-refuses", "the retention has ended");
    let second = Problem::from_details(first.details());
    assert_eq!(second.code(), "project-refuses");
    assert_eq!(second.status(), StatusCode::FORBIDDEN);
}
