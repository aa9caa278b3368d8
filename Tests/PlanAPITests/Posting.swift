import JSON
import PlanAPI

extension Router {
  /// Posts JSON and reads the JSON that answers.
  func post(_ path: String, _ body: String) throws -> (status: Int, body: JSONValue) {
    let response = response(
      to: APIRequest(method: "POST", path: path, body: Array(body.utf8)))
    return (response.status, try JSONDocument(parsing: response.body).root)
  }

  /// Posts an object with members whose values are JSON.
  func post(
    _ path: String, _ members: KeyValuePairs<String, String>
  ) throws -> (status: Int, body: JSONValue) {
    try post(path, "{" + members.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}")
  }
}
