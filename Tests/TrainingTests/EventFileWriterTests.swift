import Foundation
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct EventFileWriterTests {
  /// A clock that moves by a quarter of a second at each look.
  private final class Clock {
    var time = 1_700_000_000.0
    func next() -> Double {
      defer { time += 0.25 }
      return time
    }
  }

  /// The file that TensorBoard's own reader was asked about (scripts/fixtures/tensorboard).
  private static let reference = "tensorboard/events.out.tfevents.1700000000.host.7.0"

  private func writer(_ folder: String) throws -> EventFileWriter {
    let clock = Clock()
    return try EventFileWriter(folder: folder, host: "host", process: 7) { clock.next() }
  }

  private func writeReference(_ folder: String) throws -> EventFileWriter {
    let writer = try writer(folder)
    for step in 0..<3 {
      try writer.add(
        scalars: [
          ("train/loss", 1 / Double(step + 1)), ("train/accuracy", Double(step) / 4),
          ("gradient/σ₁", -1e-30),
        ], step: 100 * step)
    }
    try writer.add(scalars: [("odd/infinite", .infinity), ("odd/nan", .nan)], step: 1 << 40)
    let values = (0..<200).map { Double($0 * $0 % 101) / 10 - 3 }
    try writer.addHistogram("weights", of: values, step: 5)
    try writer.addHistogram("constant", of: [2, 2, .nan, 2], step: 6)
    try writer.flush()
    return writer
  }

  private func contents(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  @Test func `the checksum is Castagnoli's`() {
    #expect(CRC32C.checksum("123456789".utf8) == 0xe306_9283)
    // RFC 3720, B.4.
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8a91_36aa)
    #expect(CRC32C.checksum([UInt8](repeating: 0xff, count: 32)) == 0x62a8_ab43)
    #expect(CRC32C.checksum(0..<32) == 0x46dd_794e)
    #expect(CRC32C.checksum([]) == 0)
  }

  @Test func `records have TensorFlow's bytes`() throws {
    func hex(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }
    // An event of the version at time 0, which the format may leave out and these bytes do not.
    let version = [9] + [UInt8](repeating: 0, count: 8) + [0x1a, 13] + Array("brain.Event:2".utf8)
    #expect(
      hex(EventRecord.bytes(version))
        == "1800000000000000a37f4b220900000000000000001a0d627261696e2e4576656e743a32eedf28a3")
    try withTemporaryDirectory { folder in
      let writer = try EventFileWriter(folder: folder) { 1 }
      let start = writer.size
      try writer.add(scalars: [("loss", 0.5)], step: 7)
      try writer.flush()
      let bytes = try contents(writer.path)
      #expect(start == 40 && bytes.count == writer.size)
      #expect(
        hex(Array(bytes[start...]))
          == "1a00000000000000129bd82d09000000000000f03f10072a0d0a0b0a046c6f7373150000003f862c9a2f")
    }
  }

  @Test func `the bytes are those that TensorBoard has read, as it read them`() throws {
    try withTemporaryDirectory { folder in
      let writer = try writeReference(folder)
      let name = try #require(writer.path.split(separator: "/").last)
      #expect("tensorboard/\(name)" == Self.reference)
      // A new reference: `make tensorboard-check` writes it, then has TensorBoard read it.
      if let place = ProcessInfo.processInfo.environment["SPIKEGUARD_WRITE_EVENTS"] {
        try Data(contents(writer.path)).write(to: URL(fileURLWithPath: "\(place)/\(name)"))
      }
      #expect(try contents(writer.path) == contents(Fixture.path(Self.reference)))
    }
    let json = try Data(contentsOf: URL(fileURLWithPath: Fixture.path("tensorboard/events.json")))
    let theirs = try JSONDecoder().decode([TheirEvent].self, from: json)
    let ours = try ReadEvent.all(Fixture.path(Self.reference))
    #expect(ours.count == theirs.count && ours.count == 7)
    for (our, their) in zip(ours, theirs) {
      #expect(our.time == their.time && our.step == their.step && our.version == their.version)
      #expect(our.scalars.mapValues { "\($0)" } == their.scalars.mapValues { "\(Float($0)!)" })
      #expect(our.histograms.mapValues { [$0.limits, $0.counts] } == their.histograms)
    }
  }

  /// TensorBoard's answer. Scalars are text, since JSON has no infinity.
  private struct TheirEvent: Decodable {
    let time: Double
    let step: Int
    let version: String?
    let scalars: [String: String]
    let histograms: [String: [[Double]]]
  }

  @Test func `what was added comes back`() throws {
    try withTemporaryDirectory { folder in
      let writer = try writeReference(folder + "/new/folder")
      let events = try ReadEvent.all(writer.path)
      #expect(events[0].version == "brain.Event:2" && events[0].time == 1_700_000_000)
      #expect(events[2].step == 100 && events[2].time == 1_700_000_000.5)
      #expect(
        events[2].scalars == ["train/loss": 0.5, "train/accuracy": 0.25, "gradient/σ₁": -1e-30])
      #expect(events[4].step == 1 << 40 && events[4].scalars["odd/infinite"] == .infinity)
      #expect(events[4].scalars["odd/nan"]!.isNaN)
      #expect(events[6].histograms["constant"]!.counts == [3])
      #expect(try writer.size == contents(writer.path).count)
    }
  }

  @Test(arguments: [1, 2, 3, 64, 1000])
  func `a histogram counts every value once`(_ count: Int) throws {
    let values = Tensor.normal([count], using: Generator(seed: 9)).scalars(of: Double.self)
    let histogram = try #require(TensorBoardHistogram(of: values))
    var lower = -Double.infinity
    for (limit, found) in zip(histogram.bucketLimit, histogram.bucket) {
      #expect(found == Double(values.count { $0 > lower && $0 <= limit }))
      lower = limit
    }
    #expect(histogram.bucket.reduce(0, +) == Double(count))
    #expect(histogram.min == values.min() && histogram.bucketLimit.last == values.max())
    expectClose(histogram.sum, values.reduce(0, +), relative: 1e-12)
    expectClose(histogram.sumSquares, values.map { $0 * $0 }.reduce(0, +), relative: 1e-12)
  }

  @Test func `extreme and empty histograms`() throws {
    let widest = try #require(
      TensorBoardHistogram(of: [-Double.greatestFiniteMagnitude, .greatestFiniteMagnitude]))
    #expect(widest.bucketLimit.allSatisfy(\.isFinite) && widest.bucket.first == 1)
    #expect(zip(widest.bucketLimit, widest.bucketLimit.dropFirst()).allSatisfy { $0 < $1 })
    #expect(TensorBoardHistogram(of: []) == nil)
    try withTemporaryDirectory { folder in
      let writer = try writer(folder)
      let before = writer.size
      #expect(try writer.addHistogram("x", of: [.nan, .infinity], step: 1) == 0)
      try writer.add(scalars: [], step: 2)
      #expect(writer.size == before)
    }
  }

  @Test func `a continued file is that of an uninterrupted run`() throws {
    try withTemporaryDirectory { folder in
      let whole = try writer(folder + "/whole")
      let broken = try writer(folder + "/broken")
      for step in 0..<4 {
        for writer in [whole, broken] { try writer.add(scalars: [("loss", 0.5)], step: step) }
      }
      try broken.flush()
      let size = broken.size
      // After the checkpoint; a crash leaves half a record.
      try broken.add(scalars: [("loss", 9)], step: 4)
      try broken.flush()
      let handle = try #require(FileHandle(forUpdatingAtPath: broken.path))
      try handle.truncate(atOffset: UInt64(broken.size - 3))
      try handle.close()

      let clock = Clock()
      clock.time += 0.25 * 5
      let continued = try EventFileWriter(continuing: broken.path, truncatedTo: size) {
        clock.next()
      }
      #expect(continued.size == size)
      for step in 4..<6 {
        for writer in [whole, continued] { try writer.add(scalars: [("loss", 0.25)], step: step) }
      }
      try whole.flush()
      try continued.flush()
      #expect(try contents(continued.path) == contents(whole.path))
      #expect(continued.size == whole.size)
    }
  }

  @Test func `two files of one second have two names`() throws {
    try withTemporaryDirectory { folder in
      let (a, b) = (try writer(folder), try writer(folder))
      #expect(a.path.hasSuffix(".host.7.0") && b.path.hasSuffix(".host.7.1"))
    }
  }

  @Test func `a writer that is let go writes what it has`() throws {
    try withTemporaryDirectory { folder in
      let path = try {
        let writer = try writer(folder)
        try writer.add(scalars: [("a", 1)], step: 0)
        return writer.path
      }()
      #expect(try ReadEvent.all(path).count == 2)
    }
  }

  @Test func `what cannot be continued or made is an error`() throws {
    try withTemporaryDirectory { folder in
      let path = try writeReference(folder).path
      let size = try contents(path).count
      func error(_ path: String, _ offset: Int) -> String? {
        do throws(EventFileError) {
          _ = try EventFileWriter(continuing: path, truncatedTo: offset)
          return nil
        } catch { return error.description.replacing(folder, with: "DIR") }
      }
      let name = path.replacing(folder, with: "DIR")
      let remedy = "the file was changed since the checkpoint: continue with a new one"
      #expect(
        error(path, size + 1)
          == "\(name): expected an event file of at least \(size + 1) bytes, found \(size) bytes; "
          + remedy)
      #expect(
        error(path, 41)
          == "\(name): expected TensorBoard's records up to byte 41, found other bytes at 40; "
          + remedy)
      #expect(error(path, -1)?.contains("of at least -1 bytes") == true)
      #expect(
        error(folder + "/none", 0)
          == "DIR/none: expected to write it, found No such file or directory; check that the file is "
          + "there and yours, and the space left")
      #expect(try contents(path).count == size, "a refused file was cut")
      #expect(throws: EventFileError.self) { try EventFileWriter(folder: path + "/inside") }
    }
  }
}
