import Torch

/// PyHessian's eigenvalues(), then ours to the residuals that it left; a round has random starts of its own.
struct EigenvalueDuel {
  let sides: Sides
  let top: Int
  /// Starts PyHessian.
  let peer: () throws -> Worker

  func run(_ agreements: [Agreement], rounds: Int, _ session: inout Session) throws {
    let workers = [
      try sides.ours("Lanczos, worst residual as PyHessian's worst"),
      try sides.ours("Lanczos, worst residual as PyHessian's best"),
      try sides.ours("PowerIteration, PyHessian's rule and starts"), try peer(),
    ]
    let loadBefore = Machine.loadNow
    let history = try (0..<UInt64(rounds)).map { try round(workers, seed: $0) }
    let loadAfter = Machine.loadNow
    let reference = Residuals(
      try sides.ours().ask(WorkerRequest(run: "eigenvalues", top: top + 3, tolerance: 5e-4)))
    let notes = notes(history, reference)
    do {
      let comparison = Comparison(
        title: "Top \(top) eigenvalues by magnitude: \(sides.setting.description)",
        unit: .milliseconds, agreements: try agreements + agree(history, with: reference),
        sides: workers.indices.map { index in
          let answers = history.map { $0[index].answer }
          return Comparison.Side(
            name: workers[index].name,
            samples: Samples(seconds: answers.map { $0.seconds![0] }),
            peakBytes: workers[index].memory("VmHWM"), products: answers.map { $0.products! },
            processorSeconds: Samples(seconds: history.map { $0[index].processorSeconds }).median,
            residual: answers.map { Residuals($0).worst }.max())
        }, loadBefore: loadBefore, loadAfter: loadAfter, notes: notes)
      session.publish(comparison)
    } catch {
      say("\nEigenvalues of each side\n" + notes.map { "  " + $0 }.joined(separator: "\n"))
      throw error
    }
  }

  private struct Turn {
    let answer: WorkerAnswer
    let processorSeconds: Double
  }

  private func round(_ workers: [Worker], seed: UInt64) throws -> [Turn] {
    let starts = sides.path("starts.safetensors")
    func turn(_ worker: Worker, _ request: WorkerRequest) throws -> Turn {
      let before = worker.processorSeconds ?? .nan
      let answer = try worker.ask(request)
      let used = (worker.processorSeconds ?? .nan) - before
      // A product for each pair was the measurement of residuals.
      let products = Double(answer.products!)
      return Turn(
        answer: answer, processorSeconds: used * products / (products + Double(top)))
    }
    // The peer first: it sets the residuals that the others are to reach.
    let theirs = try turn(
      workers[3], WorkerRequest(run: "eigenvalues", out: starts, seed: seed, top: top))
    let goal = Residuals(theirs.answer)
    let requests = [
      WorkerRequest(run: "eigenvalues", seed: seed, top: top, tolerance: goal.worst),
      WorkerRequest(run: "eigenvalues", seed: seed, top: top, tolerance: goal.best),
      WorkerRequest(run: "eigenvalues", start: starts, top: top),
    ]
    return try zip(workers, requests).map { try turn($0, $1) } + [theirs]
  }

  private static let names = ["Lanczos", "Lanczos, tighter", "PowerIteration", "PyHessian"]

  /// A residual promises an eigenvalue within it. Here is one, in a longer and tighter list by Lanczos; below its
  /// end anything may lie. And PyHessian's algorithm in our hands gives PyHessian's numbers.
  private func agree(_ history: [[Turn]], with reference: Residuals) throws -> [Agreement] {
    var agreements = try Self.names.enumerated().map { index, name in
      let errors = history.flatMap { turns in
        let pairs = Residuals(turns[index].answer)
        return zip(pairs.values, pairs.residuals).map { value, residual in
          let nearest = reference.values.map { abs($0 - value) }.min()!
          return max(0, min(nearest, abs(value) - abs(reference.values.last!)) - residual)
        }
      }
      return try Agreement(
        "\(name): farther from the next eigenvalue than the residual allows, relative to the largest",
        error: errors.max()! / reference.scale, tolerance: 1e-3)
    }
    let errors = history.flatMap { turns in
      zip(turns[2].answer.eigenvalues!, turns[3].answer.eigenvalues!).map { abs($0 - $1) }
    }
    agreements.append(
      try Agreement(
        "eigenvalues of PowerIteration and PyHessian, relative to the largest",
        error: errors.max()! / reference.scale, tolerance: 1e-2))
    return agreements
  }

  private func notes(_ history: [[Turn]], _ reference: Residuals) -> [String] {
    func row(_ name: String, _ pairs: Residuals) -> [String] {
      [name]
        + zip(pairs.values, pairs.residuals).map {
          formatted($0, 4) + " ± " + scientific($1)
        }
    }
    let rows = history.enumerated().flatMap { seed, turns in
      zip(Self.names, turns).map { row("\($0), seed \(seed)", Residuals($1.answer)) }
    }
    func total(_ index: Int, _ value: (WorkerAnswer) -> Double) -> Double {
      history.reduce(0) { $0 + value($1[index].answer) }
    }
    let ratios = [0, 1].map { index in
      "\(Self.names[index]) \(formatted(total(3) { Double($0.products!) } / total(index) { Double($0.products!) }, 3)) "
        + "times fewer products, \(formatted(total(3) { $0.seconds![0] } / total(index) { $0.seconds![0] }, 3)) times faster"
    }
    return aligned(rows + [row("Lanczos, reference", reference)]) + [
      "over all rounds: " + ratios.joined(separator: "; "),
      "PyHessian's iterations: "
        + history.map { "\($0[3].answer.iterations!)" }.joined(separator: ", "),
      "± is ‖Hx − θx‖ / ‖x‖, measured afterwards, outside the time; residual is the largest over the largest |θ|",
      "times include the gradient's graph; every side is a process of its own; PyHessian at its defaults "
        + "(tolerance 1e-3, 100 iterations), in the fastest variant above",
    ]
  }
}

/// Eigenvalues with their residuals, the largest magnitude first.
private struct Residuals {
  let values: [Double]
  let residuals: [Double]

  init(_ answer: WorkerAnswer) {
    let pairs = zip(answer.eigenvalues!, answer.residuals!).sorted { abs($0.0) > abs($1.0) }
    values = pairs.map(\.0)
    residuals = pairs.map(\.1)
  }

  /// max |θ|
  var scale: Double { abs(values[0]) }
  /// Relative to the largest |θ|.
  var worst: Double { residuals.max()! / scale }
  var best: Double { residuals.min()! / scale }
}
