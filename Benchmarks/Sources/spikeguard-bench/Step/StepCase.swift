import Foundation
import Models
import Torch

/// One training step against SpikingJelly's multi-step mode: forward, per-step cross-entropy, backward, SGD.
enum StepCase: BenchmarkCase {
  static let name = "step"
  static let abstract = "A training step against SpikingJelly: time, peak memory, deflation's cost."

  static func run(_ session: inout Session) throws {
    let small = StepSetting(.vgg5, width: 0.25, channels: 1, size: 28, batchSize: 64)
    try StepDuel(small, tolerances: ["float64": 1e-9, "float32": 1e-3], stepsPerRound: 5)
      .run(rounds: session.rounds(9, quick: 5), &session)
    guard !session.quick else { return }
    let large = StepSetting(.vgg11, width: 1, channels: 3, size: 32, batchSize: 32)
    try StepDuel(large, tolerances: ["float64": 1e-9], stepsPerRound: 1)
      .run(rounds: session.rounds(7, quick: 3), &session)
  }
}

/// All sides of one setting.
private struct StepDuel {
  let setting: StepSetting
  /// By element type. In float32 rounding flips some of the millions of spikes, and each layer amplifies that: a
  /// fresh VGG-11 can be compared in float64 only.
  let tolerances: [String: Double]
  let stepsPerRound: Int
  private let folder: URL

  init(_ setting: StepSetting, tolerances: [String: Double], stepsPerRound: Int) throws {
    self.setting = setting
    self.tolerances = tolerances
    self.stepsPerRound = stepsPerRound
    folder = try FileManager.default.url(
      for: .itemReplacementDirectory, in: .userDomainMask,
      appropriateFor: FileManager.default.temporaryDirectory, create: true)
  }

  private static let peers = ["contiguous", "channels-last"]

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
  private var files: [String] {
    ["--weights", path("weights.safetensors"), "--batch", path("batch.safetensors")]
  }
  private var shared: [String] { files + setting.sharedArguments }

  private func ours(_ name: String, _ deflation: String, _ options: Options) throws -> Worker {
    try Worker(
      name, try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
      ["worker", "--deflation", deflation, "--threads", "\(Engine.threads)"] + files
        + setting.arguments)
  }

  /// The stem once instead of T times, as ours: a plain SpikingJelly model repeats it.
  private func peer(_ layout: String, _ options: Options) throws -> Worker {
    try Worker(
      "SpikingJelly, \(layout)", options.python,
      [
        options.root + "/Benchmarks/peers/spikingjelly_step.py", "--layout", layout, "--stem",
        "once", "--threads", "\(Engine.threads)",
      ] + shared)
  }

  func run(rounds: Int, _ session: inout Session) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try setting.write(
      weights: path("weights.safetensors"), batch: path("batch.safetensors"))
    let options = session.options
    let agreements = try Self.peers.flatMap { try agree(with: $0, options) }

    // Processes of their own for the times: the comparison in float64 would count in their peak memory.
    let workers =
      [
        try ours("Spikeguard", "none", options),
        try ours("Spikeguard with deflation, fast", "fast", options),
      ] + (try Self.peers.map { try peer($0, options) })
    let facts = try workers.map { try $0.ask(WorkerRequest(run: "describe")) }
    let idle = workers.map { $0.memory("VmRSS") }
    let steps = stepsPerRound
    var comparison = try Comparison.measure(
      "Training step: \(setting.description), \(facts.compactMap(\.threads).min() ?? 0) threads",
      .milliseconds, agreements,
      workers.map { worker in
        Contestant(worker.name) {
          let answer = try worker.ask(WorkerRequest(run: "step", count: steps))
          return Samples(seconds: answer.seconds ?? []).median
        }
      }, rounds: rounds, notes: notes(facts.last?.versions))
    for index in comparison.sides.indices {
      comparison.sides[index].idleBytes = idle[index]
      comparison.sides[index].peakBytes = workers[index].memory("VmHWM")
    }
    session.publish(comparison)
  }

  private func notes(_ versions: [String: String]?) -> [String] {
    let peer = versions.map { $0.sorted { $0.key < $1.key }.map { "\($0) \($1)" } } ?? []
    return [
      "\(stepsPerRound) step(s) a round, their median; every side is a process of its own and "
        + "idle during the others' turns",
      "the row with deflation computes more than the others: its ratio is deflation's cost",
      "peers: " + peer.joined(separator: ", ")
        + "; first convolution once, not T times, on all sides",
    ]
  }

  private func agree(with layout: String, _ options: Options) throws -> [Agreement] {
    try tolerances.sorted { $0.key > $1.key }.flatMap { try agree(with: layout, $0, $1, options) }
  }

  private func agree(
    with layout: String, _ dtype: String, _ tolerance: Double, _ options: Options
  ) throws -> [Agreement] {
    let found = try [ours("Spikeguard", "none", options), peer(layout, options)].map {
      let out = path("gradients.safetensors")
      _ = try $0.ask(WorkerRequest(run: "gradients", out: out, dtype: dtype))
      return try Safetensors.read(from: out).tensors
    }
    let gradients = found.map { all in all.filter { $0.hasPrefix("grad.") } }
    return [
      try Agreement(
        "logits against SpikingJelly, \(layout), \(dtype)",
        error: found[0]["logits"]!.largestDifference(from: found[1]["logits"]!),
        tolerance: tolerance),
      try Agreement(
        "gradients against SpikingJelly, \(layout), \(dtype), relative",
        error: gradients[0].largestRelativeDifference(from: gradients[1]), tolerance: tolerance),
    ]
  }
}
