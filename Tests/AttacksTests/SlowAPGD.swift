import Attacks

/// APGD on one image in scalar loops, from the whole history of its losses: what ``APGD`` must do, step by step.
struct SlowAPGD {
  let model: TanhModel
  let threat: ThreatModel
  let loss: SlowAttackLoss
  let steps: Int

  struct Trace {
    /// Of x₀ … x_N.
    var points: [[Double]] = []
    var losses: [Double] = []
    /// The η that led to each.
    var stepSizes: [Double] = []
    /// Steps after which η was halved.
    var halvings: [Int] = []
    /// What is returned.
    var example: [Double] = []
  }

  func run(_ x: [Double], label: Int, target: Int = 0, from start: [Double]) -> Trace {
    func evaluate(_ point: [Double]) -> (z: [Double], f: Double, g: [Double]) {
      var f = 0.0
      let (z, g) = model.slow(point) { z in
        let (value, gradient) = loss(z, label: label, target: target)
        f = value
        return gradient
      }
      return (z, f, g)
    }
    var trace = Trace(points: [start], stepSizes: [2 * threat.epsilon])
    var (point, before) = (start, start)
    var (z, f, g) = evaluate(point)
    trace.losses = [f]
    var best = (point: point, f: f, g: g)
    var fooling = errs(z, label) ? point : nil
    // f_max and η at the latest checkpoint; ends of the windows as the authors' loop counts them.
    var (eta, bestThen, halvedThen) = (2 * threat.epsilon, f, true)
    var window = max(steps * 22 / 100, 1)
    var lastCheckpoint = 0
    for k in 1...steps {
      let u = direction(g)
      let ahead = projected(x, x.indices.map { point[$0] + eta * u[$0] })
      let a = k == 1 ? 1 : 0.75
      let next = projected(
        x,
        x.indices.map {
          point[$0] + a * (ahead[$0] - point[$0]) + (1 - a) * (point[$0] - before[$0])
        })
      (before, point) = (point, next)
      (z, f, g) = evaluate(point)
      trace.points.append(point)
      trace.losses.append(f)
      trace.stepSizes.append(eta)
      if errs(z, label) { fooling = point }
      if f > best.f { best = (point, f, g) }
      guard k == lastCheckpoint + window else { continue }
      let rises = (lastCheckpoint + 1...k).count {
        trace.losses[$0] > ($0 == 1 ? 0 : trace.losses[$0 - 1])
      }
      let halve = Double(rises) <= 0.75 * Double(window) || (!halvedThen && best.f == bestThen)
      if halve {
        eta /= 2
        (point, g) = (best.point, best.g)
        trace.halvings.append(k)
      }
      (bestThen, halvedThen, lastCheckpoint) = (best.f, halve, k)
      window = max(window - max(steps * 3 / 100, 1), max(steps * 6 / 100, 1))
    }
    trace.example = fooling ?? best.point
    return trace
  }

  private func errs(_ z: [Double], _ label: Int) -> Bool { z.firstIndex(of: z.max()!)! != label }

  private func direction(_ g: [Double]) -> [Double] {
    switch threat {
    case .linf: g.map { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }
    case .l2: g.map { $0 / length(g) }
    }
  }

  private func projected(_ x: [Double], _ point: [Double]) -> [Double] {
    let delta = x.indices.map { point[$0] - x[$0] }
    let shrink: (Double) -> Double =
      switch threat {
      case .linf(let epsilon): { min(max($0, -epsilon), epsilon) }
      case .l2(let epsilon): { $0 * min(1, epsilon / length(delta)) }
      }
    return x.indices.map { min(max(x[$0] + shrink(delta[$0]), 0), 1) }
  }

  private func length(_ v: [Double]) -> Double { v.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}
