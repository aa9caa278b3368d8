import Foundation
import JSON

/// Holds JSON values against the schemas of one document (JSON Schema 2020-12, as far as `openapi.yaml`
/// goes with it).
struct JSONSchema {
  /// What `$ref` points into.
  let document: JSONValue

  /// What of `value` breaks `schema`; nothing if all is well.
  func faults(_ value: JSONValue, _ schema: JSONValue, at place: String = "") -> [String] {
    if let everything = schema.boolean { return everything ? [] : ["\(place): is not allowed"] }
    return schema.members.flatMap { keyword, argument in
      faults(value, schema, keyword, argument, at: place)
    }
  }

  func resolve(_ value: JSONValue) -> JSONValue {
    guard let reference = value["$ref"]?.string else { return value }
    var target = document
    for name in reference.dropFirst(2).split(separator: "/") {
      guard let next = target[String(name)] else {
        preconditionFailure("nothing is at \(reference)")
      }
      target = next
    }
    return resolve(target)
  }

  private func faults(
    _ value: JSONValue, _ schema: JSONValue, _ keyword: String, _ argument: JSONValue,
    at place: String
  ) -> [String] {
    func held(_ condition: Bool, _ fault: @autoclosure () -> String) -> [String] {
      condition ? [] : ["\(place): \(fault())"]
    }
    func matching(_ schemas: JSONValue) -> Int {
      schemas.elements.count { faults(value, $0, at: place).isEmpty }
    }
    let number = value.double
    switch keyword {
    case "$ref": return faults(value, resolve(schema), at: place)
    case "type":
      let names = argument.kind == .array ? argument.elements.map(\.string) : [argument.string]
      return held(
        names.contains { isType($0, value) },
        "is no \(names.map { $0! }.joined(separator: " or "))")
    case "const":
      return held(value.canonicalBytes == argument.canonicalBytes, "is not the constant")
    case "enum":
      return held(
        argument.elements.contains { $0.canonicalBytes == value.canonicalBytes },
        "is none of the names")
    case "minimum": return held(number.map { $0 >= argument.double! } ?? true, "is too small")
    case "maximum": return held(number.map { $0 <= argument.double! } ?? true, "is too large")
    case "exclusiveMinimum":
      return held(number.map { $0 > argument.double! } ?? true, "is too small")
    case "minLength":
      return held((value.string?.unicodeScalars.count ?? .max) >= argument.integer!, "is too short")
    case "maxLength":
      return held((value.string?.unicodeScalars.count ?? 0) <= argument.integer!, "is too long")
    case "pattern": return held(matches(value, argument.string!), "breaks the pattern")
    case "minItems":
      return held(value.kind != .array || value.count >= argument.integer!, "has too few elements")
    case "maxItems":
      return held(value.kind != .array || value.count <= argument.integer!, "has too many elements")
    case "items":
      return value.elements.enumerated().flatMap { faults($1, argument, at: "\(place)/\($0)") }
    case "required":
      return argument.elements.compactMap(\.string).flatMap { name in
        held(value.kind != .object || value[name] != nil, "\(name) is missing")
      }
    case "properties":
      return argument.members.flatMap { name, schema in
        value[name].map { faults($0, schema, at: "\(place)/\(name)") } ?? []
      }
    case "additionalProperties":
      return value.members.flatMap { name, member in
        schema["properties"]?[name] != nil ? [] : faults(member, argument, at: "\(place)/\(name)")
      }
    case "allOf": return argument.elements.flatMap { faults(value, $0, at: place) }
    case "anyOf": return held(matching(argument) > 0, "matches none of the choices")
    case "oneOf":
      let count = matching(argument)
      return held(count == 1, "matches \(count) of the choices")
    case "description", "title", "default", "examples": return []
    default: preconditionFailure("the keyword \(keyword) is not known to the tests")
    }
  }

  private func isType(_ name: String?, _ value: JSONValue) -> Bool {
    switch name {
    case "integer": value.integer != nil
    case let name: value.kind.rawValue == name
    }
  }

  private func matches(_ value: JSONValue, _ pattern: String) -> Bool {
    guard let text = value.string else { return true }
    return text.range(of: pattern, options: .regularExpression) != nil
  }
}
