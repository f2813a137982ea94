import Torch

extension LIF {
  /// This neuron with the surrogate and the temporal gradient of a view.
  func viewed(by view: GradientView) -> LIF {
    var neuron = self
    neuron.surrogate = view.surrogate ?? surrogate
    neuron.surrogateScale = view.surrogateScale ?? surrogateScale
    neuron.temporalGradient = view.temporalGradient ?? temporalGradient
    return neuron
  }

  /// The neuron's values with a rule's derivatives.
  ///
  /// Whatever the rule, no derivative is computed where none is asked for.
  ///
  /// - Parameter layer: which of the network's neuron layers this is, for rules that remember.
  /// - Precondition: spikes, not their smooth primitive, for all rules but the surrogate's.
  func respond(
    to current: Signal, from membrane: Tensor?, keepingMembrane: Bool,
    under rule: GradientView.Rule,
    layer: Int
  ) -> Response {
    let plain = { respond(to: current, from: membrane, keepingMembrane: keepingMembrane) }
    guard rule != .surrogate, current.values.requiresGradient, isRecordingGradients else {
      return plain()
    }
    precondition(isSpiking, "LIF: a gradient view's rule \(rule) is for spikes; isSpiking is false")
    switch rule {
    case .surrogate, .unit:
      return plain()
    case .timeAveraged:
      return respond(
        to: current.averagingGradients(), from: membrane, keepingMembrane: keepingMembrane)
    case .firedAtLeastOnce:
      return plain().replacingGradient(of: current) { spikes in
        (spikes.sum(along: [0]) .> 0).converted(to: spikes.dtype)
      }
    case .rate(let rate):
      return plain().replacingGradient(of: current) { _ in
        let mean = current.isConstant ? current.values : current.unfolded.mean(along: [0])
        return rate.slope(at: mean.detached() * inputScale, leak: leak, threshold: threshold)
          * inputScale
      }
    case .straightThrough:
      return composed(current, membrane) { _, u in Self.step(u) + (u - u.detached()) }
    case .potentialDependent(let surrogate):
      var potentials: [Tensor] = []
      return linearised(current, membrane) { _, u in
        potentials.append(u)
        return surrogate.slope(at: u, among: potentials)
      }
    case .adaptive(let surrogate, let memory):
      var visit = memory.visit(layer: layer, steps: current.steps)
      defer { memory.end(visit) }
      return linearised(current, membrane) { t, u in
        surrogate.slope(at: u, visit.moved(by: u, at: t, surrogate))
      }
    }
  }

  /// The recursion in which a spike is `step(u) + slope · (u − u.detached())`: the spike's value, any derivative.
  ///
  /// - Parameter slope: a step t and u = h[t] − threshold, detached, to ds/dh there.
  private func linearised(
    _ current: Signal, _ membrane: Tensor?, _ slope: (Int, Tensor) -> Tensor
  ) -> Response {
    composed(current, membrane) { t, u in
      let value = u.detached()
      return Self.step(u) + slope(t, value) * (u - value)
    }
  }
}

extension LIF.Response {
  /// The same spikes with ds[t]/dx[t] = slope, a tensor `[B, …]` that holds for every step.
  ///
  /// - Parameter slope: made from the spikes, `[T, B, …]`, which carry no gradient.
  fileprivate func replacingGradient(of current: Signal, _ slope: (Tensor) -> Tensor)
    -> LIF.Response
  {
    let values = spikes.detached()
    let steps = values.reshaped([current.steps, current.batchSize] + values.shape.dropFirst())
    let x = current.isConstant ? current.values : current.unfolded
    let linear = slope(steps) * (x - x.detached())
    return LIF.Response(
      spikes: (steps + linear).flattened(from: 0, to: 1), membrane: membrane, count: count)
  }
}
