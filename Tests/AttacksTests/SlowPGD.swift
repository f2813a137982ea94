import Attacks

/// Projected gradient ascent of one image in scalar loops: what ``PGD`` must do, iterate by iterate.
struct SlowPGD {
  let model: TanhModel
  let threat: ThreatModel
  let stepSize: Double

  func iterates(_ x: [Double], label: Int, from start: [Double], steps: Int) -> [[Double]] {
    var point = start
    var found: [[Double]] = []
    for _ in 0..<steps {
      let gradient = model.slow(point, label: label).gradient
      var delta = x
      for i in x.indices { delta[i] = point[i] + stepSize * direction(gradient, i) - x[i] }
      delta = projected(delta)
      for i in x.indices { point[i] = min(max(x[i] + delta[i], 0), 1) }
      found.append(point)
    }
    return found
  }

  private func direction(_ gradient: [Double], _ i: Int) -> Double {
    switch threat {
    case .linf: gradient[i] > 0 ? 1 : gradient[i] < 0 ? -1 : 0
    case .l2: gradient[i] / length(gradient)
    }
  }

  private func projected(_ delta: [Double]) -> [Double] {
    switch threat {
    case .linf(let epsilon): return delta.map { min(max($0, -epsilon), epsilon) }
    case .l2(let epsilon):
      let size = length(delta)
      return size > epsilon ? delta.map { $0 * epsilon / size } : delta
    }
  }

  private func length(_ v: [Double]) -> Double { v.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}
