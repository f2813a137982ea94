import Foundation
import Torch

/// Measures both sides of a setting by turns, each in a process of its own with a limit on its
/// memory.
struct GrowthMeter {
  /// That both sides compute the same at the base.
  let agreement: Agreement
  /// In bytes: both processes live at once, and the rest of the machine wants some too.
  let memoryLimit: Int
  private let options: Options
  private let rounds: Int
  private var measured: [String: GrowthPoint] = [:]

  init(_ base: StepSetting, _ options: Options, rounds: Int) throws {
    (self.options, self.rounds) = (options, rounds)
    memoryLimit = try Int(Double(availableMemory()) * 0.45)
    let sides = try Sides(base, options)
    let gradients = try [sides.ours(), Self.peer(of: sides)].map { worker in
      let out = sides.path("gradients.safetensors")
      _ = try worker.ask(WorkerRequest(run: "gradients", out: out, dtype: "float64"))
      return try Safetensors.read(from: out).tensors.filter { $0.hasPrefix("grad.") }
    }
    agreement = try Agreement(
      "gradients of the base in float64, relative, with \(GrowthSweep.peerName)",
      error: gradients[0].largestRelativeDifference(from: gradients[1]), tolerance: 1e-9)
  }

  private static func peer(of sides: Sides) throws -> Worker {
    try sides.peer("channels-last", keepingMemory: true)
  }

  mutating func measure(_ setting: StepSetting, at value: Double, _ run: GrowthRun) throws
    -> GrowthPoint
  {
    let name = "\(run), \(setting.description)"
    // The base is part of every sweep.
    if let known = measured[name] { return known.at(value) }
    // An evaluation is to have spikes.
    let sides =
      run == .evaluate
      ? try Sides(setting, options) {
        try setting.writeWithStatistics(weights: $0, batch: $1)
      } : try Sides(setting, options)
    let workers = try withMemoryLimit(memoryLimit) {
      [try sides.ours(), try Self.peer(of: sides)]
    }
    var probes = workers.map { GrowthProbe($0, run) }
    // The first round warms up.
    for round in 0...rounds {
      for index in probes.indices { probes[index].run(counts: round > 0) }
    }
    let losses = probes.compactMap(\.firstLoss)
    let point = GrowthPoint(
      value: value, ours: probes[0].outcome, peer: probes[1].outcome,
      lossDifference: losses.count == 2 ? abs(losses[0] - losses[1]) : nil)
    measured[name] = point
    return point
  }
}

/// One process, asked time and again, until it fails.
private struct GrowthProbe {
  private let worker: Worker
  private let kind: GrowthRun
  private var idle: Int?
  private var samples = Samples()
  private var failure: GrowthOutcome?
  private(set) var firstLoss: Double?

  init(_ worker: Worker, _ kind: GrowthRun) { (self.worker, self.kind) = (worker, kind) }

  mutating func run(counts: Bool) {
    guard failure == nil else { return }
    do {
      if idle == nil {
        _ = try worker.ask(WorkerRequest(run: "describe"))
        idle = worker.memory("VmRSS")
      }
      let answer = try worker.ask(WorkerRequest(run: kind.rawValue, count: 1))
      firstLoss = firstLoss ?? answer.losses?.first
      if counts { samples.seconds += answer.seconds ?? [] }
    } catch {
      let text = "\(error)"
      // PyTorch's allocator, C++'s, Python's, and our worker.
      let marks = ["allocate memory", "bad_alloc", "MemoryError", "out of memory"]
      failure = marks.contains(where: text.contains) ? .doesNotFit : .failed(text)
    }
  }

  var outcome: GrowthOutcome {
    if let failure { return failure }
    guard let idle, let peak = worker.memory("VmHWM") else {
      return .failed("its memory could not be read")
    }
    return .measured(samples: samples, peakBytes: peak, idleBytes: idle)
  }
}
