import Experiments
import Foundation
import TestSupport
import Testing
import Torch
import Training

/// Training that is cut goes on from its last checkpoint and ends with the same bits.
@Suite struct InterruptionTests {
  static let line =
    "train \(Workplace.data) \(Workplace.testData) \(Workplace.network) --batch-size 8 --epochs 12 --crop 1 "
    + "--deflation fast --seed 5 --checkpoint-every 2"
  static let checkpoint = "checkpoints/last.safetensors"
  /// 40 images in batches of 8, 12 epochs.
  static let stepsInAll = 60

  /// Everything that must not depend on where the run was cut.
  struct Outcome: Equatable {
    let tensors: [String: [Double]]
    let epochs: [[Double]]
    let curve: [CurvePoint]
    let evaluations: [Evaluation]
    let best: BestEpoch?
    /// Without times.
    let log: [String]

    init(_ folder: String) throws {
      let file = folder + "/" + InterruptionTests.checkpoint
      let manifest = try Checkpoint<RunManifest>(contentsOf: file).manifest
      tensors = Dictionary(
        uniqueKeysWithValues: try Safetensors.read(from: file).tensors.map {
          ($0.name, $0.tensor.scalars(of: Double.self))
        })
      epochs = manifest.history.map { [$0.loss, $0.accuracy, $0.spikeRate, Double($0.images)] }
      curve = manifest.curve
      evaluations = manifest.session.evaluations
      best = manifest.session.best
      log = try String(contentsOfFile: folder + "/metrics.jsonl", encoding: .utf8)
        .split(separator: "\n").filter { !$0.contains(#""event":"preview""#) }
        .map { String($0).replacing(/"seconds":[0-9.e-]+/, with: "") }
    }
  }

  private static let whole = Result {
    try Workplace.with { place in
      try place.succeed(line + " --out whole")
      return try Outcome(place.path("whole"))
    }
  }

  static func expectSame(_ cut: Outcome, _ place: Workplace) throws {
    let whole = try whole.get()
    let names = Set(cut.tensors.keys).union(whole.tensors.keys)
    #expect(names.filter { cut.tensors[$0] != whole.tensors[$0] }.isEmpty)
    #expect(names.contains { $0.hasPrefix("optimizer.momentum.") })
    #expect(cut.epochs == whole.epochs && whole.epochs.count == 12)
    #expect(cut.curve == whole.curve)
    #expect(cut.evaluations == whole.evaluations && cut.best == whole.best)
    #expect(cut.log == whole.log)
    let record = try place.json("cut/manifest.json", as: RunRecord.self)
    #expect(record.status == .finished && record.stepsDone == stepsInAll)
    // One event file of whole records, which a further run could continue.
    let events = try place.files().keys.filter { $0.contains("cut/events.out.tfevents.") }
    #expect(events.count == 1)
    let size = try place.contents(events[0]).count
    _ = try EventFileWriter(continuing: place.path(events[0]), truncatedTo: size)
  }

  @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)])
  func `a run that is told to stop saves and resumes to the same bits`(
    signal: Int32, code: Int
  ) throws {
    try Workplace.with { place in
      let file = place.path("cut/" + Self.checkpoint)
      let stopped = try place.run(
        Self.line + " --out cut",
        interruption: .init(signal) { FileManager.default.fileExists(atPath: file) })
      #expect(stopped.exitCode == code)
      #expect(stopped.standardOutput == "" && !place.has("cut/results.json"))
      let record = try place.json("cut/manifest.json", as: RunRecord.self)
      #expect(record.status == .stopped && (1..<Self.stepsInAll).contains(record.stepsDone))
      let state = try Checkpoint<RunManifest>(contentsOf: file).manifest.session.run
      #expect(state.epoch * 5 + state.batch == record.stepsDone, "work was lost")
      #expect(
        stopped.standardError.contains(
          "stopped by a signal after \(record.stepsDone) steps; go on with `spikeguard train --out "
            + "cut --resume`"))

      // The folder knows its options.
      try place.succeed("train --out cut --resume")
      try Self.expectSame(Outcome(place.path("cut")), place)
    }
  }

  /// `make torture` sets SPIKEGUARD_KILLS to 100.
  static let kills = ProcessInfo.processInfo.environment["SPIKEGUARD_KILLS"].flatMap(Int.init) ?? 20

  /// Three kills of four come at a random moment after the first checkpoint of a life, so that the run gets on; the
  /// fourth comes at a random moment of the start.
  @Test func `a run that is killed again and again ends with the same bits`() throws {
    var random = SystemRandomNumberGenerator()
    var killed = 0
    var lives = 0
    while killed < Self.kills {
      try Workplace.with { place in
        var isDone = false
        while !isDone {
          lives += 1
          let file = place.path("cut/" + Self.checkpoint)
          let before = Self.modified(file)
          let afterCheckpoint = Int.random(in: 0..<4, using: &random) > 0
          let delay = Duration.milliseconds(
            Int.random(in: 0...(afterCheckpoint ? 250 : 1000), using: &random))
          var start = afterCheckpoint ? nil : Optional(ContinuousClock.now)
          let outcome = try place.run(
            Self.line + " --checkpoint-every 1 --out cut --resume",
            interruption: .init(SIGKILL) {
              if start == nil, Self.modified(file) != before { start = .now }
              return start.map { ContinuousClock.now - $0 > delay } ?? false
            })
          isDone = outcome.exitCode == 0
          if isDone { break }
          try #require(outcome.exitCode == -9, "\(outcome.standardError)")
          killed += 1
        }
        try Self.expectSame(Outcome(place.path("cut")), place)
      }
    }
    print("\(killed) kills in \(lives) lives")
  }

  @Test func `a damaged checkpoint gives way to the one before it, and that is said`() throws {
    try Workplace.with { place in
      let file = place.path("cut/" + Self.checkpoint)
      _ = try place.run(
        Self.line + " --out cut",
        interruption: .init(SIGKILL) {
          // For a moment in every save the two are one file.
          let (last, previous) = ("last", "previous")
          return Self.inode(place, previous) != nil
            && Self.inode(place, last) != Self.inode(place, previous)
        })
      var bytes = try place.contents("cut/" + Self.checkpoint)
      // In a tensor: only the digest can tell.
      bytes[bytes.count - 20] ^= 1
      try bytes.write(to: URL(fileURLWithPath: file))
      let resumed = try place.run(Self.line + " --out cut --resume")
      #expect(resumed.exitCode == 0)
      #expect(resumed.standardError.contains("warning: cut/\(Self.checkpoint): expected content"))
      #expect(resumed.standardError.contains("going on from cut/checkpoints/previous.safetensors"))
      #expect(resumed.standardError.contains("the run before ended without a word"))
      try Self.expectSame(Outcome(place.path("cut")), place)
    }
  }

  private static func modified(_ path: String) -> Date? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return attributes?[.modificationDate] as? Date
  }

  private static func inode(_ place: Workplace, _ slot: String) -> Int? {
    let path = place.path("cut/checkpoints/\(slot).safetensors")
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return attributes?[.systemFileNumber] as? Int
  }

  @Test func `a second run in the same folder is refused`() throws {
    try Workplace.with { place in
      let folder = try RunFolder(place.path("cut"))
      let lock = try RunLock(folder)
      let refused = try place.run(Self.line + " --out cut")
      #expect(refused.exitCode == 1)
      #expect(
        refused.standardError.hasSuffix(
          "Error: cut: expected a folder that nobody trains in, found another run at work there; wait "
            + "for it, or name another --out\n"))
      withExtendedLifetime(lock) {}
    }
  }
}
