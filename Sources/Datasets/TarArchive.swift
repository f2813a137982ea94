import Foundation

/// A `.tar.gz` archive, read by the system's `tar`.
///
/// Only the files that are asked for leave it, and only if nothing in it could end up elsewhere: an archive
/// with a link, a device, or a name that is absolute or climbs with `..` is refused as a whole.
struct TarArchive {
  let file: URL

  /// Unpacks these members, and no others, below a folder.
  func extract(_ members: [String], to folder: URL) throws(DatasetError) {
    let held = try self.members()
    if let absent = members.first(where: { !held.contains($0) }) {
      throw DatasetError(
        .format, file.path, expected: "an archive with \(absent)", found: "none such",
        remedy: "Fetch it again, or from the official address")
    }
    let options = ["--extract", "--no-same-owner", "--no-same-permissions", "--directory"]
    _ = try tar(options + [folder.path], operands: members)
  }

  /// The names of the files in it.
  ///
  /// - Throws: also when there is anything but files and folders, or a name that leaves the folder.
  func members() throws(DatasetError) -> Set<String> {
    let listing = try tar(["--list", "--verbose", "--numeric-owner", "--quoting-style=escape"])
    var names: Set<String> = []
    for line in listing.split(separator: "\n") {
      // mode, owner/group, size, date, time, name
      let columns = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
      let name = columns.count == 6 ? String(columns[5]) : String(line)
      let isPlain = columns.count == 6 && (line.first == "-" || line.first == "d")
      guard isPlain, !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
        throw DatasetError(
          .format, file.path, expected: "files and folders with names inside the archive",
          found: "'\(name)' (\(line.prefix(10)))",
          remedy: "Do not unpack this archive; fetch it from the official address")
      }
      if line.first == "-" { names.insert(name) }
    }
    return names
  }

  private func tar(_ options: [String], operands: [String] = []) throws(DatasetError) -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["tar"] + options + ["--gzip", "--file", file.path, "--"] + operands
    // C's messages and dates, in no one's language.
    process.environment = ProcessInfo.processInfo.environment.merging(["LC_ALL": "C"]) { $1 }
    let (output, errors) = (Pipe(), Pipe())
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    do { try process.run() } catch { throw failure("\(error)") }
    // Errors are short; the listing is read while it comes, so neither pipe fills up.
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let line = String(decoding: complaint, as: UTF8.self).split(separator: "\n").first
      throw failure(line.map(String.init) ?? "exit code \(process.terminationStatus)")
    }
    return String(decoding: text, as: UTF8.self)
  }

  private func failure(_ found: String) -> DatasetError {
    DatasetError(
      .corrupt, file.path, expected: "a .tar.gz archive that tar can read", found: found,
      remedy: "Check that tar and gzip are installed, then fetch the archive again")
  }
}
