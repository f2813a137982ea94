import Foundation

/// A file that a command is asked to write.
public enum OutputFile {
  /// Writes a file as a whole or not at all.
  public static func write(_ data: Data, to path: String) throws(OutputError) {
    do { try data.write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
      let system = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
      let reason = system.map { String(cString: strerror(Int32($0.code))) } ?? "\(error)"
      throw OutputError(
        path: path, expected: "to write the file", found: reason,
        remedy: "check that the folder exists, is yours and has space left")
    }
  }

  /// Refuses what could not be written, or would take the place of something else. To be called before the
  /// work, so that none is lost.
  ///
  /// - Parameters:
  ///   - outputs: option and path; nil where the option was not given.
  ///   - inputs: files that the command reads.
  public static func check(
    _ outputs: [(option: String, path: String?)], inputs: [String?] = []
  ) throws(OutputError) {
    var taken: [String: String] = [:]
    for case let input? in inputs { taken[resolved(input)] = "the input" }
    for case (let option, let path?) in outputs {
      try checkPlace(path)
      if let owner = taken.updateValue("the output of \(option)", forKey: resolved(path)) {
        throw OutputError(
          path: path, expected: "another file for \(option)", found: owner,
          remedy: "name a file of its own")
      }
    }
  }

  private static func checkPlace(_ path: String) throws(OutputError) {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard isFolder(folder), access(folder, W_OK) == 0 else {
      throw OutputError(
        path: path, expected: "a folder that can be written to",
        found: isFolder(folder) ? "one that cannot" : obstacle(to: folder),
        remedy: "make it, or name another file")
    }
    // What is replaced is a file: a device would be replaced just as well.
    var status = stat()
    guard stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else {
      throw OutputError(
        path: path, expected: "a file", found: isFolder(path) ? "a folder" : "a device or pipe",
        remedy: "name a file")
    }
  }

  /// What stands where a folder should.
  static func obstacle(to folder: String) -> String {
    var place = URL(fileURLWithPath: folder)
    while place.path != "/", !FileManager.default.fileExists(atPath: place.path) {
      place.deleteLastPathComponent()
    }
    if !isFolder(place.path) { return "the file \(place.path)" }
    return "no folder \(folder)"
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  private static func resolved(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
  }
}
