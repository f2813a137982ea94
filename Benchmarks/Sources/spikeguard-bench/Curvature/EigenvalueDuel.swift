import Torch

/// PyHessian's eigenvalues(), then ours to the residuals that it left.
struct EigenvalueDuel {
  let sides: Sides
  let top: Int
  /// Starts PyHessian.
  let peer: () throws -> Worker
  /// Of the network.
  let facts: [String]

  func run(_ agreements: [Agreement], rounds: Int, _ session: inout Session) throws {
    let workers = [
      try sides.ours("Lanczos, worst residual as PyHessian's worst"),
      try sides.ours("Lanczos, worst residual as PyHessian's best"),
      try sides.ours("PowerIteration, PyHessian's rule and starts"), try peer(),
    ]
    let starts = sides.path("starts.safetensors")
    let loadBefore = Machine.loadNow
    var samples = workers.map { _ in Samples() }
    var processor = samples
    var answers: [WorkerAnswer] = []
    /// The measurement of residuals afterwards is in the processor's time: one product for each pair.
    func ask(_ index: Int, _ request: WorkerRequest) throws -> WorkerAnswer {
      let before = workers[index].processorSeconds ?? .nan
      let answer = try workers[index].ask(request)
      let products = Double(answer.products!)
      processor[index].seconds.append(
        ((workers[index].processorSeconds ?? .nan) - before) * products / (products + Double(top)))
      samples[index].seconds += answer.seconds!
      return answer
    }
    for _ in 0..<rounds {
      // The peer first: it sets the residuals that the others are to reach.
      let theirs = try ask(3, WorkerRequest(run: "eigenvalues", out: starts, top: top))
      let goal = Residuals(theirs)
      answers = try [
        WorkerRequest(run: "eigenvalues", top: top, tolerance: goal.worst),
        WorkerRequest(run: "eigenvalues", top: top, tolerance: goal.best),
        WorkerRequest(run: "eigenvalues", start: starts, top: top),
      ].enumerated().map { try ask($0, $1) }
      answers.append(theirs)
    }
    let reference = Residuals(
      try sides.ours().ask(WorkerRequest(run: "eigenvalues", top: top + 3, tolerance: 1e-5)))
    // Before anything can disagree: whoever looks for the reason needs them.
    let notes = notes(answers, reference)
    say("\nEigenvalues of each side\n" + notes.map { "  " + $0 }.joined(separator: "\n"))
    let agreements =
      try agreements
      + zip(workers, agree(answers, with: reference)).map {
        try Agreement(
          "\($0.name): farther from an eigenvalue than its residual allows, relative to the largest",
          error: $1, tolerance: 1e-3)
      }
    let comparison = Comparison(
      title: "Top \(top) eigenvalues by magnitude: \(sides.setting.description)",
      unit: .milliseconds, agreements: agreements,
      sides: workers.indices.map {
        Comparison.Side(
          name: workers[$0].name, samples: samples[$0], peakBytes: workers[$0].memory("VmHWM"),
          products: answers[$0].products, processorSeconds: processor[$0].median,
          residual: Residuals(answers[$0]).worst)
      }, loadBefore: loadBefore, loadAfter: Machine.loadNow, notes: notes)
    session.publish(comparison)
  }

  /// A residual promises an eigenvalue within it. Here is one, in a longer and tighter list by Lanczos; below its
  /// end anything may lie.
  private func agree(_ answers: [WorkerAnswer], with reference: Residuals) -> [Double] {
    answers.map { answer in
      let pairs = Residuals(answer)
      return zip(pairs.values, pairs.residuals).map { value, residual in
        let nearest = reference.values.map { abs($0 - value) }.min()!
        return max(0, min(nearest, abs(value) - abs(reference.values.last!)) - residual)
      }.max()! / reference.scale
    }
  }

  private func notes(_ answers: [WorkerAnswer], _ reference: Residuals) -> [String] {
    let rows = answers.enumerated().map { index, answer in
      let pairs = Residuals(answer)
      return [["Lanczos", "Lanczos, tighter", "PowerIteration", "PyHessian"][index]]
        + zip(pairs.values, pairs.residuals).map { value, residual in
          formatted(value, 4) + " ± " + scientific(residual)
        }
    }
    let all =
      ["Lanczos, \(reference.values.count)"]
      + zip(reference.values, reference.residuals).map {
        formatted($0, 4) + " ± " + scientific($1)
      }
    let fewer = Double(answers[3].products!) / Double(answers[0].products!)
    return aligned(rows + [all]) + [
      "PyHessian's iterations: \(answers[3].iterations!); Lanczos needs \(formatted(fewer, 3)) times fewer products",
      "± is ‖Hx − θx‖ / ‖x‖, measured afterwards, outside the time; residual is the largest over the largest |θ|",
      "times include the gradient's graph; every side is a process of its own; PyHessian at its defaults "
        + "(tolerance 1e-3, 100 iterations), in the fastest variant above",
    ] + facts
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
