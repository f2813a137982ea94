import Torch

extension LIF {
  /// The equations as they stand, one tensor operation at a time: the definition of the fused kernel.
  ///
  /// A spike is `heaviside(u) + (G(u) − G(u).detached())`: the value of the step, the derivatives of
  /// `surrogateScale · G`.
  func composed(_ current: Signal, _ membrane: Tensor?) -> Response {
    var spikes: [Tensor] = []
    let potential = recursion(current, membrane) { u in
      spikes.append(fire(u))
      return spikes.last!
    }
    let all = Tensor.concatenating(spikes)
    return Response(
      spikes: all, membrane: potential.detached(),
      count: isSpiking ? all.detached().sum() : Tensor(Int64(0)))
  }

  /// The walk through time, whatever a spike is; gives the last membrane.
  ///
  /// - Parameter fire: u = h[t] − threshold, `[B, …]`, to s[t] with the derivatives that it is to have; called once for
  ///   each step, in order.
  func recursion(_ current: Signal, _ membrane: Tensor?, firing fire: (Tensor) -> Tensor) -> Tensor
  {
    let steps = current.eachStep
    var potential = membrane ?? Tensor.zeros(like: steps[0].detached())
    for step in steps {
      let carried = temporalGradient == .throughTime ? potential : potential.detached()
      let scaled = inputScale == 1 ? step : step * inputScale
      let charged = carried * leak + scaled
      let spike = fire(charged - threshold)
      let resetting = detachesReset ? spike.detached() : spike
      switch reset {
      case .soft: potential = charged - resetting * threshold
      case .hard: potential = charged * (1 - resetting)
      case .none: potential = charged
      }
    }
    return potential
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
