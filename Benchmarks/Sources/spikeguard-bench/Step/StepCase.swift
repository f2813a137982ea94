import Foundation
import Models
import Torch

/// One training step against SpikingJelly's multi-step mode: forward, per-step cross-entropy, backward, SGD.
enum StepCase: BenchmarkCase {
  static let name = "step"
  static let abstract = "A training step against SpikingJelly: time, peak memory, deflation's cost."

  static func run(_ session: inout Session) throws {
    let small = StepSetting(.vgg5, width: 0.25, channels: 1, size: 28, batchSize: 64)
    try StepDuel(small, stepsPerRound: 5)
      .run(rounds: session.rounds(9, quick: 5), &session)
    guard !session.quick else { return }
    let large = StepSetting(.vgg11, width: 1, channels: 3, size: 32, batchSize: 32)
    try StepDuel(large, stepsPerRound: 1)
      .run(rounds: session.rounds(7, quick: 3), &session)
  }
}

/// All sides of one setting.
private struct StepDuel {
  let setting: StepSetting
  let stepsPerRound: Int
  private let folder: URL

  init(_ setting: StepSetting, stepsPerRound: Int) throws {
    self.setting = setting
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

  private func ours(
    _ name: String = "Spikeguard", deflation: String = "none", returningMemory: Bool = false
  ) throws -> Worker {
    try Worker(
      name, try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
      ["worker", "--deflation", deflation, "--threads", "\(Engine.threads)"]
        + (returningMemory ? ["--return-memory"] : []) + files + setting.arguments)
  }

  /// The stem once instead of T times, as ours: a plain SpikingJelly model repeats it.
  private func peer(
    _ layout: String, keepingMemory: Bool = false, _ options: Options
  ) throws -> Worker {
    // What `Engine.keepFreedMemory` asks of the C library, asked from outside.
    let kept = ["MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "4611686018427387904"]
    return try Worker(
      "SpikingJelly, \(layout)" + (keepingMemory ? ", memory kept" : ""), options.python,
      [
        options.root + "/Benchmarks/peers/spikingjelly_step.py", "--layout", layout, "--stem",
        "once", "--threads", "\(Engine.threads)",
      ] + files + setting.sharedArguments, environment: keepingMemory ? kept : [:])
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
        try ours(), try ours("Spikeguard with deflation, fast", deflation: "fast"),
        try ours("Spikeguard, memory returned", returningMemory: true),
      ] + (try Self.peers.map { try peer($0, options) })
      + (try Self.peers.map { try peer($0, keepingMemory: true, options) })
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
      "memory kept: freed memory stays in the process (Engine.keepFreedMemory, the command line's way; for "
        + "SpikingJelly the same by environment variables)",
      "the row with deflation computes more than the others: its ratio is deflation's cost",
      "peers: " + peer.joined(separator: ", ")
        + "; first convolution once, not T times, on all sides",
    ]
  }

  /// Logits and gradients are compared in float64. In float32 the two sides round differently, which flips a few
  /// of the millions of spikes, and every layer amplifies that; of the float32 run the loss is compared.
  private func agree(with layout: String, _ options: Options) throws -> [Agreement] {
    let ours = try ours()
    let peer = try peer(layout, options)
    func both(_ dtype: String) throws -> [NamedTensors] {
      try [ours, peer].map {
        let out = path("gradients.safetensors")
        _ = try $0.ask(WorkerRequest(run: "gradients", out: out, dtype: dtype))
        return try Safetensors.read(from: out).tensors
      }
    }
    let exact = try both("float64")
    let gradients = exact.map { all in all.filter { $0.hasPrefix("grad.") } }
    let losses = try both("float32").map { $0["loss"]!.item() }
    return [
      try Agreement(
        "logits in float64, with SpikingJelly, \(layout)",
        error: exact[0]["logits"]!.largestDifference(from: exact[1]["logits"]!), tolerance: 1e-9),
      try Agreement(
        "gradients in float64, relative, with SpikingJelly, \(layout)",
        error: gradients[0].largestRelativeDifference(from: gradients[1]), tolerance: 1e-9),
      try Agreement(
        "loss in float32, with SpikingJelly, \(layout)", error: abs(losses[0] - losses[1]),
        tolerance: 1e-2),
    ]
  }
}
