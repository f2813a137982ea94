import Foundation

/// Brings a published data set into a folder: download, check, unpack, put in place.
///
/// Everything happens in `FOLDER/.fetch` until it is complete and proven; then each file takes its place by a
/// rename. What is in the folder and intact is left alone, what is damaged is replaced only by what is not. A
/// download that was interrupted goes on where it stopped.
public struct DatasetFetch {
  public let dataset: PublishedDataset
  public let folder: URL
  /// Where the files are; the publisher's address unless the user names a mirror.
  public let address: URL
  public var settings = FetchSettings()

  /// What is being done.
  public enum Event: Equatable, Sendable {
    case downloading(String, bytes: Int, of: Int?)
    case unpacking(String)
    /// The file is in its place.
    case installed(String)
    /// It was there, and as it should be.
    case kept(String)
  }

  public init(_ dataset: PublishedDataset, to folder: URL, from address: URL? = nil) {
    self.dataset = dataset
    self.folder = folder
    self.address = address ?? dataset.address
  }

  /// Does what is missing.
  ///
  /// - Throws: with the folder's good files untouched.
  public func run(_ tell: (Event) -> Void = { _ in }) throws(DatasetError) {
    try checkAddress()
    let workshop = folder.appendingPathComponent(".fetch")
    try make(workshop)
    let lock = try FolderLock(workshop.appendingPathComponent("lock"))
    defer { tidy(workshop, lock) }

    let states = try dataset.check(in: folder)
    let lacking = states.filter { !$0.state.isGood }.map(\.file)
    for (file, state) in states where state.isGood { tell(.kept(file.name)) }
    if !lacking.isEmpty {
      try checkSpace(for: lacking)
      switch dataset.packing {
      case .files:
        for file in lacking {
          let partial = try download(file, into: workshop, tell)
          try install(partial, as: file, tell)
        }
      case .archive(let archive): try fetch(lacking, from: archive, workshop, tell)
      }
    }
  }

  /// Leaves nothing behind but what the next fetch can go on with.
  private func tidy(_ workshop: URL, _ lock: FolderLock) {
    let files = FileManager.default
    try? files.removeItem(at: workshop.appendingPathComponent("unpacked"))
    let names = (try? files.contentsOfDirectory(atPath: workshop.path)) ?? []
    if !names.contains(where: { $0.hasSuffix(".part") }) { try? files.removeItem(at: workshop) }
    withExtendedLifetime(lock) {}  // until here
  }

  private func fetch(
    _ files: [PublishedDataset.File], from archive: PublishedDataset.File, _ workshop: URL,
    _ tell: (Event) -> Void
  ) throws(DatasetError) {
    let packed = try download(archive, into: workshop, tell)
    defer { try? FileManager.default.removeItem(at: packed) }
    tell(.unpacking(archive.name))
    let unpacked = workshop.appendingPathComponent("unpacked")
    try? FileManager.default.removeItem(at: unpacked)
    try make(unpacked)
    try TarArchive(file: packed).extract(files.map(\.path), to: unpacked)

    var sums = DigestList(in: folder).digests
    for file in files {
      let place = unpacked.appendingPathComponent(file.path)
      try checkUnpacked(file, at: place)
      sums[file.path] = try Digest.of(contentsOf: place, [.sha256])[0]
    }
    for file in files {
      try install(unpacked.appendingPathComponent(file.path), as: file, tell)
    }
    // Last: the list says only what is in its place.
    let list = folder.appendingPathComponent(DigestList.fileName)
    do { try Data(DigestList(sums).text.utf8).write(to: list, options: .atomic) } catch {
      throw unwritable(list, "\(error.localizedDescription)")
    }
  }

  /// The whole file, its digest checked, in the workshop.
  private func download(
    _ file: PublishedDataset.File, into workshop: URL, _ tell: (Event) -> Void
  ) throws(DatasetError) -> URL {
    let partial = workshop.appendingPathComponent(file.name + ".part")
    let source = address.appendingPathComponent(file.name)
    let download = FileDownload(source: source, file: file, partial: partial, settings: settings)
    tell(.downloading(file.name, bytes: 0, of: file.byteCount))
    try download.run { tell(.downloading(file.name, bytes: $0, of: file.byteCount)) }
    return partial
  }

  /// An archive whose digest is right holds what it should; this finds a disk or a `tar` that fails.
  private func checkUnpacked(_ file: PublishedDataset.File, at url: URL) throws(DatasetError) {
    var status = stat()
    let isFile = lstat(url.path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    guard isFile, file.byteCount == nil || Int(status.st_size) == file.byteCount else {
      throw DatasetError(
        .corrupt, file.path, expected: file.byteCount.map { "\($0) bytes" } ?? "a file",
        found: isFile ? "\(status.st_size)" : "none", remedy: "Check the disk, then fetch again")
    }
  }

  private func install(
    _ new: URL, as file: PublishedDataset.File, _ tell: (Event) -> Void
  ) throws(DatasetError) {
    let place = folder.appendingPathComponent(file.path)
    try make(place.deletingLastPathComponent())
    let descriptor = open(new.path, O_RDONLY | O_CLOEXEC)
    defer { if descriptor >= 0 { close(descriptor) } }
    // On the disk before it has its name, or a power cut could leave an empty file under it.
    guard descriptor >= 0, fsync(descriptor) == 0, rename(new.path, place.path) == 0 else {
      throw unwritable(place, String(cString: strerror(errno)))
    }
    tell(.installed(file.name))
    try setDoublesAside(of: file, beside: place)
  }

  /// A damaged file under another of its names would be read instead of the new one: it gets a name of its own.
  private func setDoublesAside(
    of file: PublishedDataset.File, beside place: URL
  ) throws(DatasetError) {
    while let found = file.find(in: folder), found.path != place.path {
      guard rename(found.path, found.path + ".damaged") == 0 else {
        throw unwritable(found, String(cString: strerror(errno)))
      }
    }
  }

  // MARK: Before the work

  private func checkAddress() throws(DatasetError) {
    guard ["http", "https"].contains(address.scheme ?? ""), address.host != nil else {
      throw DatasetError(
        .network, address.absoluteString, expected: "an address as https://host/folder",
        found: "another one", remedy: "Name the folder at the server that holds the files")
    }
  }

  private func checkSpace(for files: [PublishedDataset.File]) throws(DatasetError) {
    var needed = files.compactMap(\.byteCount).reduce(0, +)
    if case .archive(let archive) = dataset.packing { needed += archive.byteCount ?? 0 }
    let facts = try? FileManager.default.attributesOfFileSystem(forPath: folder.path)
    guard let free = (facts?[.systemFreeSize] as? NSNumber)?.intValue, free < needed else { return }
    throw DatasetError(
      .unreadable, folder.path, expected: "\(needed) bytes of free space", found: "\(free)",
      remedy: "Free some, or name another folder with --to")
  }

  private func make(_ folder: URL) throws(DatasetError) {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch { throw unwritable(folder, String(cString: strerror(errno))) }
  }

  private func unwritable(_ url: URL, _ found: String) -> DatasetError {
    DatasetError(
      .unreadable, url.path, expected: "a place that can be written to", found: found,
      remedy: "Check its permissions, or name another folder with --to")
  }
}

/// One fetch at a time for each folder. The lock ends with the value, or with the process.
private final class FolderLock {
  private let descriptor: Int32

  init(_ file: URL) throws(DatasetError) {
    descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw DatasetError(
        .unreadable, file.path, expected: "no other fetch into this folder", found: "one",
        remedy: "Wait for its end")
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
