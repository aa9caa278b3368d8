import FoundationEssentials
import PlanAPI

/// A directory of measured profiles, which requests may then name: `NAME.json` with what a request's
/// `profiles` would hold, or a directory NAME with the files of Galvatron's profilers.
enum ProfileDirectory {
  static func store(at path: String) throws(CommandFailure) -> ProfileStore {
    let names: [String]
    do {
      names = try FileManager.default.subpathsOfDirectory(atPath: path)
    } catch {
      throw CommandFailure(status: .badInput, message: "cannot read the profiles in \(path)")
    }
    var files: [ProfileStore.File] = []
    for name in names where name.hasSuffix(".json") {
      files.append(.init(path: name, bytes: try Terminal.contents(of: "\(path)/\(name)")))
    }
    do {
      return try ProfileStore(files: files)
    } catch {
      throw CommandFailure(
        status: .badInput, message: "\(path)/\(error.path): \(error.detail)")
    }
  }
}
