import Experiments
import Foundation
import TestSupport
import Testing
import Torch
import Training

/// Training that is cut goes on from its last checkpoint and ends with the same bits.
@Suite struct InterruptionTests {
  struct Recipe: Sendable, CustomTestStringConvertible {
    let name: String
    let line: String
    let epochs: Int
    let stepsInAll: Int
    /// A name in the optimiser's state.
    let moment: String
    var testDescription: String { name }

    init(_ name: String, _ options: String, epochs: Int, stepsPerEpoch: Int = 5, moment: String) {
      self.name = name
      line =
        "train \(Workplace.data) \(Workplace.testData) \(Workplace.network) --batch-size 8 "
        + "--epochs \(epochs) \(options) --checkpoint-every 2"
      self.epochs = epochs
      stepsInAll = epochs * stepsPerEpoch
      self.moment = "optimizer." + moment
    }
  }

  /// 40 images in batches of 8.
  static let recipes = [
    Recipe("SGD", "--crop 1 --deflation fast --seed 5", epochs: 12, moment: "momentum."),
    Recipe(
      "AdamW",
      "--validation 8 --optimizer adamw --learning-rate 0.01 --warmup-epochs 2 "
        + "--clip-norm 1 --deflation fast --seed 6", epochs: 9, stepsPerEpoch: 4, moment: "adam"),
    Recipe(
      "foreign",
      "--foreign adversarial --attack pgd --attack-steps 2 --foreign-batches 2 "
        + "--coding rate --sharpness 0.05 --cutout --seed 7", epochs: 6, moment: "momentum."),
  ]
  static let line = recipes[0].line
  static let checkpoint = "checkpoints/last.safetensors"
  static let stepsInAll = recipes[0].stepsInAll

  /// Everything that must not depend on where the run was cut.
  struct Outcome: Equatable {
    let tensors: [String: [Double]]
    let bestTensors: [String: [Double]]
    let epochs: [[Double]]
    let curve: [CurvePoint]
    let evaluations: [Evaluation]
    let best: BestEpoch?
    /// Without times.
    let log: [String]
    /// Of TensorBoard's file, without times.
    let events: [ReadEvent]

    init(_ folder: String) throws {
      let file = folder + "/" + InterruptionTests.checkpoint
      let manifest = try Checkpoint<RunManifest>(contentsOf: file).manifest
      tensors = try Self.tensors(file)
      bestTensors = try Self.tensors(folder + "/checkpoints/best.safetensors")
      epochs = manifest.history.map { [$0.loss, $0.accuracy, $0.spikeRate, Double($0.images)] }
      curve = manifest.curve
      evaluations = manifest.session.evaluations
      best = manifest.session.best
      log = try String(contentsOfFile: folder + "/metrics.jsonl", encoding: .utf8)
        .split(separator: "\n").filter { !$0.contains(#""event":"preview""#) }
        .map { String($0).replacing(/"seconds":[0-9.e-]+/, with: "") }
      // Every life has a preview of its own.
      events = try ReadEvent.all(Self.eventFile(folder)).filter { event in
        !event.scalars.keys.contains { $0.hasPrefix("early spike rate/") }
      }.map { event in
        var event = event
        event.time = 0
        return event
      }
    }

    private static func tensors(_ file: String) throws -> [String: [Double]] {
      Dictionary(
        uniqueKeysWithValues: try Safetensors.read(from: file).tensors.map {
          ($0.name, $0.tensor.scalars(of: Double.self))
        })
    }

    /// There must be one.
    static func eventFile(_ folder: String) throws -> String {
      let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
        $0.hasPrefix("events.out.tfevents.")
      }
      try #require(files.count == 1)
      return folder + "/" + files[0]
    }
  }

  /// A run that is never cut, of each recipe.
  private static let wholes = Dictionary(
    uniqueKeysWithValues: recipes.map { recipe in
      let result = Result {
        try Workplace.with { place in
          try place.succeed(recipe.line + " --out whole")
          return try Outcome(place.path("whole"))
        }
      }
      return (recipe.name, result)
    })

  static func expectSame(
    _ cut: Outcome, _ place: Workplace, _ recipe: Recipe = recipes[0], _ comment: Comment? = nil
  ) throws {
    let whole = try wholes[recipe.name]!.get()
    for (cut, whole) in [(cut.tensors, whole.tensors), (cut.bestTensors, whole.bestTensors)] {
      let names = Set(cut.keys).union(whole.keys)
      #expect(names.filter { cut[$0] != whole[$0] }.isEmpty, comment)
      #expect(names.contains { $0.hasPrefix(recipe.moment) })
    }
    #expect(cut.epochs == whole.epochs && whole.epochs.count == recipe.epochs, comment)
    #expect(cut.curve == whole.curve, comment)
    #expect(cut.evaluations == whole.evaluations && cut.best == whole.best, comment)
    #expect(cut.log == whole.log, comment)
    #expect(cut.events == whole.events && !whole.events.isEmpty, comment)
    let record = try place.json("cut/manifest.json", as: RunRecord.self)
    #expect(record.status == .finished && record.stepsDone == recipe.stepsInAll, comment)
    let results = try place.json("cut/results.json", as: RunResults.self)
    #expect(results.evaluations == whole.evaluations && results.best == whole.best, comment)
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

  private static let environment = ProcessInfo.processInfo.environment
  /// Of all recipes together. `make torture` sets SPIKEGUARD_KILLS to 100.
  static let kills = environment["SPIKEGUARD_KILLS"].flatMap(Int.init) ?? 21
  private static let killsOfEach = (kills + recipes.count - 1) / recipes.count
  /// Of the moments of the kills; what they hit depends on the machine's speed, too.
  static let seed =
    environment["SPIKEGUARD_SEED"].flatMap(UInt64.init) ?? .random(in: 0..<1_000_000)

  /// Three kills of four come at a random moment after the first checkpoint of a life, so that the run gets on; the
  /// fourth comes at a random moment of the start.
  @Test(arguments: recipes)
  func `a run that is killed again and again ends with the same bits`(_ recipe: Recipe) throws {
    let kills = Self.killsOfEach
    // Few kills come further apart, so that they reach the run's end, too.
    let longest = max(250, 5000 / max(kills, 1))
    var random = MutationRandom(state: Self.seed)
    print("\(recipe.name): SPIKEGUARD_SEED=\(Self.seed)")
    var (killed, lives) = (0, 0)
    while killed < kills {
      try Workplace.with { place in
        var moments: [String] = []
        var comment: Comment {
          "SPIKEGUARD_SEED=\(Self.seed), killed \(moments.joined(separator: ", "))"
        }
        var isDone = false
        while !isDone {
          lives += 1
          let file = place.path("cut/" + Self.checkpoint)
          let before = Self.modified(file)
          let isLast = killed >= kills
          let afterCheckpoint = random.below(4) > 0
          let delay = random.below(afterCheckpoint ? longest + 1 : 1001)
          var start = afterCheckpoint ? nil : Optional(ContinuousClock.now)
          let outcome = try place.run(
            recipe.line + " --checkpoint-every 1 --out cut --resume",
            interruption: .init(SIGKILL) {
              if isLast { return false }
              if start == nil, Self.modified(file) != before { start = .now }
              return start.map { ContinuousClock.now - $0 > .milliseconds(delay) } ?? false
            })
          isDone = outcome.exitCode == 0
          if isDone { break }
          moments.append("\(delay) ms after \(afterCheckpoint ? "a checkpoint" : "the start")")
          try #require(outcome.exitCode == -9, "\(comment): \(outcome.standardError)")
          killed += 1
        }
        try Self.expectSame(Outcome(place.path("cut")), place, recipe, comment)
      }
    }
    print("\(recipe.name): \(killed) kills in \(lives) lives")
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
