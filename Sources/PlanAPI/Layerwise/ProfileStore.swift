import Galvatron
import Importing
import JSON

/// Profiles that requests may name, as the service was started with them.
package struct ProfileStore: Sendable {
  package private(set) var profiles: [String: MeasuredProfiles]

  package init(_ profiles: [String: MeasuredProfiles] = [:]) {
    self.profiles = profiles
  }

  /// One file of a directory of profiles.
  package struct File: Sendable {
    /// From the directory: `NAME.json`, or `NAME/` and the name of a profiler's file.
    package var path: String
    package var bytes: [UInt8]

    package init(path: String, bytes: [UInt8]) {
      self.path = path
      self.bytes = bytes
    }
  }

  /// Why a file is not taken.
  package struct FileFault: Error, Hashable, Sendable {
    package var path: String
    package var detail: String
  }

  /// `NAME.json` holds what a request's `profiles` would; in a directory NAME the files of Galvatron's
  /// profilers have their own names (`memory_profiling_….json`).
  package init(files: [File]) throws(FileFault) {
    var members: [String: [(member: String, bytes: [UInt8])]] = [:]
    profiles = [:]
    for file in files.sorted(by: { $0.path < $1.path }) {
      let parts = file.path.split(separator: "/")
      if parts.count == 1 {
        profiles[String(file.path.dropLast(5))] = try Self.read(file.bytes, file.path)
      } else {
        let name = String(parts[parts.count - 1])
        guard let member = Self.members.first(where: { name.hasPrefix($0.prefix) })?.member
        else { continue }
        let directory = parts.dropLast().joined(separator: "/")
        if members[directory]?.contains(where: { $0.member == member }) ?? false {
          throw FileFault(path: file.path, detail: "a second file of this kind")
        }
        members[directory, default: []].append((member, file.bytes))
      }
    }
    for (directory, files) in members {
      var text = Array("{".utf8)
      for (index, file) in files.enumerated() {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        text += Array("\"\(file.member)\":".utf8) + file.bytes
      }
      text.append(UInt8(ascii: "}"))
      profiles[directory] = try Self.read(text, directory)
    }
  }

  private static let members: [(prefix: String, member: String)] = [
    ("computation_profiling", "computation"), ("memory_profiling", "memory"),
    ("allreduce_bandwidth", "allreduce_bandwidth"), ("p2p_bandwidth", "p2p_bandwidth"),
    ("sp_time", "sp_time"), ("overlap_coefficient", "overlap"),
  ]

  private static func read(
    _ bytes: [UInt8], _ path: String
  ) throws(FileFault) -> MeasuredProfiles {
    let document: JSONDocument
    do {
      document = try JSONDocument(parsing: bytes)
    } catch {
      throw FileFault(path: path, detail: "\(error)")
    }
    switch document.root.read(as: .measuredProfiles) {
    case .success(let profiles): return profiles
    case .failure(let faults): throw FileFault(path: path, detail: faults.description)
    }
  }
}

/// Reads `profiles`: their contents, or the name of some that the service holds.
struct ProfilesRule: JSONRule {
  let store: ProfileStore

  var expectation: String { "an object with profile files, or the name of a mounted profile" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> MeasuredProfiles? {
    guard let name = value.string else {
      guard value.kind == .object else { return refuse(value, log) }
      return MeasuredProfilesRule().read(value, log)
    }
    guard let profiles = store.profiles[name] else {
      log.note(value, Sentence.unknownProfile(name, known: store.profiles.keys.sorted()))
      return nil
    }
    return profiles
  }
}
