import Foundation
internal import SwiftProtobuf
import Torch

/// Writes the curves of a run as TensorBoard reads them: `tensorboard --logdir FOLDER`.
///
/// A file is a sequence of checked records, each an event: wall time, step, and named numbers. A run that
/// is continued from a checkpoint keeps the ``size`` that it had then, and cuts off what was written after
/// it: the steps that are done again would appear twice otherwise.
///
/// What was added reaches the file when the buffer is full, and by ``flush()``.
public final class EventFileWriter {
  public let path: String
  /// Bytes of the file and of what is still to be written to it: always the end of a record.
  public private(set) var size: Int

  private let descriptor: Int32
  private let now: () -> Double
  private var buffer: [UInt8] = []
  private static let bufferCount = 1 << 16

  /// Makes a new file in a folder, which is made where it is missing. Its name is TensorBoard's:
  /// `events.out.tfevents.<seconds>.<host>.<process>.<number>`.
  ///
  /// - Parameter now: seconds since 1970, for the events.
  /// - Throws: ``EventFileError``
  public convenience init(
    folder: String, host: String = ProcessInfo.processInfo.hostName,
    process: Int32 = ProcessInfo.processInfo.processIdentifier,
    now: @escaping () -> Double = { Date().timeIntervalSince1970 }
  ) throws(EventFileError) {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw EventFileError(
        path: folder, expected: "a folder, or a place for one", found: "neither",
        remedy: "name another folder")
    }
    let time = now()
    let start = "\(folder)/events.out.tfevents.\(Int(time)).\(host.replacing("/", with: "-"))"
    var number = 0
    var (path, descriptor) = ("", Int32(-1))
    repeat {
      path = "\(start).\(process).\(number)"
      descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      number += 1
    } while descriptor < 0 && errno == EEXIST
    guard descriptor >= 0 else { throw Self.failure(path) }
    self.init(path, descriptor, size: 0, now)
    try append(.with { $0.fileVersion = "brain.Event:2" }, time: time)
    try flush()
  }

  /// Continues a file from where it was at a checkpoint: what follows is cut off.
  ///
  /// - Parameter offset: the ``size`` at that time.
  /// - Throws: ``EventFileError`` when the file is missing or shorter, or `offset` is not the end of a record.
  public convenience init(
    continuing path: String, truncatedTo offset: Int,
    now: @escaping () -> Double = { Date().timeIntervalSince1970 }
  ) throws(EventFileError) {
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure(path) }
    // From here on, `deinit` closes the file.
    self.init(path, descriptor, size: offset, now)
    try checkRecords(upTo: offset)
    guard ftruncate(descriptor, off_t(offset)) == 0, lseek(descriptor, 0, SEEK_END) == offset
    else { throw Self.failure(path) }
  }

  private init(_ path: String, _ descriptor: Int32, size: Int, _ now: @escaping () -> Double) {
    self.path = path
    self.descriptor = descriptor
    self.size = size
    self.now = now
  }

  deinit {
    // A writer that is let go has no one to tell of an error: `flush` has told of all before.
    try? flush()
    close(descriptor)
  }

  /// Adds numbers at a step, one event for all. TensorBoard keeps them as float32; NaN and infinity are shown.
  ///
  /// - Parameter scalars: names, with `/` between a group and a curve, and values.
  public func add(scalars: [(tag: String, value: Double)], step: Int) throws(EventFileError) {
    guard !scalars.isEmpty else { return }
    try append(
      .with {
        $0.step = Int64(step)
        $0.summary.value = scalars.map { scalar in
          .with {
            $0.tag = scalar.tag
            $0.simpleValue = Float(scalar.value)
          }
        }
      })
  }

  /// Adds the distribution of some numbers at a step.
  ///
  /// - Parameter values: those that are not finite are in no bucket.
  /// - Returns: how many were finite; where none was, nothing is written.
  @discardableResult
  public func addHistogram(_ tag: String, of values: [Double], step: Int) throws(EventFileError)
    -> Int
  {
    let finite = values.filter(\.isFinite)
    guard let histogram = TensorBoardHistogram(of: finite) else { return 0 }
    try append(
      .with {
        $0.step = Int64(step)
        $0.summary.value = [
          .with {
            $0.tag = tag
            $0.histo = histogram
          }
        ]
      })
    return finite.count
  }

  /// Hands what was added to the operating system.
  public func flush() throws(EventFileError) {
    let done = buffer.withUnsafeBytes { $0.written(to: descriptor) }
    let isWhole = done == buffer.count
    let failure = isWhole ? nil : Self.failure(path)
    buffer.removeFirst(done)
    if let failure { throw failure }
  }

  /// Makes what was added safe against a power cut.
  public func synchronize() throws(EventFileError) {
    try flush()
    guard fsync(descriptor) == 0 else { throw Self.failure(path) }
  }

  private func append(_ event: TensorBoardEvent, time: Double? = nil) throws(EventFileError) {
    var event = event
    event.wallTime = time ?? now()
    // Fails only for required fields, which proto3 has none of.
    let record = EventRecord.bytes(try! event.serializedBytes())
    buffer += record
    size += record.count
    if buffer.count >= Self.bufferCount { try flush() }
  }

  /// Walks the records from the start: their headers have checksums of their own.
  private func checkRecords(upTo offset: Int) throws(EventFileError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.failure(path) }
    let count = Int(status.st_size)
    guard status.st_mode & S_IFMT == S_IFREG, offset >= 0, offset <= count else {
      throw EventFileError(
        path: path, expected: "an event file of at least \(offset) bytes", found: "\(count) bytes",
        remedy: "the file was changed since the checkpoint: continue with a new one")
    }
    var position = 0
    while position < offset {
      var header = [UInt8](repeating: 0, count: EventRecord.headerCount)
      let read = pread(descriptor, &header, header.count, off_t(position))
      guard read == header.count, let data = EventRecord.dataCount(header: header),
        data <= offset - position - EventRecord.frameCount
      else {
        throw EventFileError(
          path: path, expected: "TensorBoard's records up to byte \(offset)",
          found: "other bytes at \(position)",
          remedy: "the file was changed since the checkpoint: continue with a new one")
      }
      position += EventRecord.frameCount + data
    }
  }

  private static func failure(_ path: String) -> EventFileError {
    EventFileError(
      path: path, expected: "to write it", found: String(cString: strerror(errno)),
      remedy: "check that the file is there and yours, and the space left")
  }
}
