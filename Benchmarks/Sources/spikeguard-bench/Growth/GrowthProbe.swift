/// One process with a limit on its memory, asked time and again, until it fails.
struct GrowthProbe {
  /// Nil where it could not be started.
  private(set) var worker: Worker?
  /// What the first run said: of the full batch, in float32.
  private(set) var first: WorkerAnswer?
  private let kind: GrowthRun
  private var idle: Int?
  private var samples = Samples()
  private var failure: GrowthOutcome?

  init(_ kind: GrowthRun, _ memoryLimit: Int, start: () throws -> Worker) {
    self.kind = kind
    do {
      let started = try withMemoryLimit(memoryLimit, start)
      _ = try started.ask(WorkerRequest(run: "describe"))
      // What starting took, as reading the weights twice, is over.
      try started.forgetPeak()
      (worker, idle) = (started, started.memory("VmRSS"))
    } catch {
      failure = Self.outcome(of: error)
    }
  }

  mutating func run(counts: Bool) {
    guard failure == nil, let worker else { return }
    do {
      let answer = try worker.ask(WorkerRequest(run: kind.rawValue, count: 1))
      first = first ?? answer
      if counts { samples.seconds += answer.seconds ?? [] }
    } catch {
      failure = Self.outcome(of: error)
    }
  }

  /// Of the runs so far.
  var outcome: GrowthOutcome {
    if let failure { return failure }
    guard let idle, let peak = worker?.memory("VmHWM") else {
      return .failed("its memory could not be read")
    }
    return .measured(samples: samples, peakBytes: peak, idleBytes: idle)
  }

  /// Whether memory was refused or something else went wrong.
  static func outcome(of error: any Error) -> GrowthOutcome {
    let text = "\(error)"
    // PyTorch's allocator, C++'s, Python's, our worker, oneDNN.
    let marks = [
      "allocate memory", "bad_alloc", "MemoryError", "out of memory", "could not create a memory",
    ]
    return marks.contains(where: text.contains) ? .doesNotFit : .failed(text)
  }
}
