import Torch

extension LIF {
  /// The equations as they stand, one tensor operation at a time: the definition of the fused kernel.
  ///
  /// A spike is `heaviside(u) + (G(u) − G(u).detached())`: the value of the step, the derivatives of G.
  func composed(_ current: Signal, _ membrane: Tensor?) -> Response {
    let steps = current.unfolded
    var potential = membrane ?? Tensor.zeros(like: steps[0].detached())
    var spikes: [Tensor] = []
    for t in 0..<current.steps {
      let carried = temporalGradient == .throughTime ? potential : potential.detached()
      let scaled = inputScale == 1 ? steps[t] : steps[t] * inputScale
      let charged = carried * leak + scaled
      let spike = fire(charged - threshold)
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

  private func fire(_ u: Tensor) -> Tensor {
    let smooth = surrogate.primitive(u)
    guard isSpiking else { return smooth }
    let step = (u.detached() .>= 0).converted(to: u.dtype)
    return step + (smooth - smooth.detached())
  }
}
