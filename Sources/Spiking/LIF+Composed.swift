import Torch

extension LIF {
  /// The equations as they stand, one tensor operation at a time: the definition of the fused kernel.
  ///
  /// A spike is `heaviside(u) + (G(u) − G(u).detached())`: the value of the step, the derivatives of
  /// `surrogateScale · G`.
  func composed(_ current: Signal, _ membrane: Tensor?) -> Response {
    composed(current, membrane) { _, u in fire(u) }
  }

  /// The same recursion with another spike.
  ///
  /// - Parameter fire: a step t and u = h[t] − threshold, `[B, …]`, to s[t] with the derivatives that it is to have.
  func composed(
    _ current: Signal, _ membrane: Tensor?, firing fire: (Int, Tensor) -> Tensor
  ) -> Response {
    let steps = current.unfolded
    var potential = membrane ?? Tensor.zeros(like: steps[0].detached())
    var spikes: [Tensor] = []
    for t in 0..<current.steps {
      let carried = temporalGradient == .throughTime ? potential : potential.detached()
      let scaled = inputScale == 1 ? steps[t] : steps[t] * inputScale
      let charged = carried * leak + scaled
      let spike = fire(t, charged - threshold)
      let resetting = detachesReset ? spike.detached() : spike
      switch reset {
      case .soft: potential = charged - resetting * threshold
      case .hard: potential = charged * (1 - resetting)
      case .none: potential = charged
      }
      spikes.append(spike)
    }
    let all = Tensor.concatenating(spikes)
    return Response(
      spikes: all, membrane: potential.detached(),
      count: isSpiking ? all.detached().sum() : Tensor(Int64(0)))
  }

  /// 1 where u ≥ 0, else 0; a constant to the gradient.
  static func step(_ u: Tensor) -> Tensor { (u.detached() .>= 0).converted(to: u.dtype) }

  private func fire(_ u: Tensor) -> Tensor {
    let primitive = surrogate.primitive(u)
    let smooth = surrogateScale == 1 ? primitive : primitive * surrogateScale
    guard isSpiking else { return smooth }
    return Self.step(u) + (smooth - smooth.detached())
  }
}
