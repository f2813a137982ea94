import Attacks

#if canImport(Glibc)
  import Glibc
#endif

/// ``AttackLoss`` of one image in scalars, with the gradient with respect to the logits derived by hand.
enum SlowAttackLoss: CaseIterable {
  case crossEntropy, margin, logitRatio, targetedLogitRatio

  /// The target is used by the targeted loss only.
  func callAsFunction(
    _ z: [Double], label y: Int, target t: Int = 0
  ) -> (value: Double, gradient: [Double]) {
    let order = z.indices.sorted { z[$0] > z[$1] }
    let rival = order.first { $0 != y }!
    var gradient = z.map { _ in 0.0 }
    switch self {
    case .crossEntropy:
      let total = z.reduce(0) { $0 + exp($1 - z[order[0]]) }
      for i in z.indices { gradient[i] = exp(z[i] - z[order[0]]) / total - (i == y ? 1 : 0) }
      return (z[order[0]] + log(total) - z[y], gradient)
    case .margin:
      gradient[rival] += 1
      gradient[y] -= 1
      return (z[rival] - z[y], gradient)
    case .logitRatio:
      let (gap, spread) = (z[rival] - z[y], z[order[0]] - z[order[2]] + 1e-12)
      gradient[rival] += 1 / spread
      gradient[y] -= 1 / spread
      gradient[order[0]] -= gap / (spread * spread)
      gradient[order[2]] += gap / (spread * spread)
      return (gap / spread, gradient)
    case .targetedLogitRatio:
      let gap = z[t] - z[y]
      let spread = z[order[0]] - 0.5 * (z[order[2]] + z[order[3]]) + 1e-12
      gradient[t] += 1 / spread
      gradient[y] -= 1 / spread
      gradient[order[0]] -= gap / (spread * spread)
      gradient[order[2]] += 0.5 * gap / (spread * spread)
      gradient[order[3]] += 0.5 * gap / (spread * spread)
      return (gap / spread, gradient)
    }
  }
}
