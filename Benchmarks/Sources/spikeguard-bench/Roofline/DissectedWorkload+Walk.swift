import Layers
import Optimization
import Spiking
import Torch
import Training

extension DissectedWorkload {
  /// An operation between its input, a leaf of differentiation, and its output.
  struct Link {
    let operation: NetworkOperation
    let input: Tensor
    let output: Tensor
  }

  /// Runs and times each operation on what the one before it gave; the result is cut from the
  /// graph.
  func walkForward() -> (result: Tensor, links: [Link]) {
    var pass = ForwardPass(workload.mode)
    var signal = encoder(images.contiguous(.channelsLast), &pass)
    var links: [Link] = []
    for (index, operation) in operations.enumerated() {
      // A training step needs no gradient of the images.
      if workload == .attackGradient || (workload == .training && index > 0) {
        signal = signal.map { $0.requiringGradient() }
      }
      var output = signal
      let seconds = ContinuousClock().measure { output = operation.apply(signal) } / .seconds(1)
      let link = Link(operation: operation, input: signal.values, output: output.values)
      ledger.note(
        operation, "forward", input: link.input, output: link.output,
        touched: [link.input, link.output] + operation.parameters, seconds: seconds)
      if workload.differentiates { links.append(link) }
      signal = output.map { $0.detached() }
    }
    return (signal.values, links)
  }

  /// Differentiates link by link, from the loss; the parameters' gradients are in the parameters' order.
  func walkBackward(_ links: [Link]) throws -> (ofImages: Tensor, ofParameters: [Tensor]) {
    var upstream = Tensor.ones([1])
    var gradients: [Tensor] = []
    for link in links.reversed() {
      let ofParameters: [Tensor]
      (upstream, ofParameters) = try pullBack(upstream, through: link)
      gradients = ofParameters + gradients
    }
    return (upstream, gradients)
  }

  /// Each direction of a convolution or a linear map is timed alone, those of the others together.
  private func pullBack(
    _ upstream: Tensor, through link: Link
  ) throws -> (ofInput: Tensor, ofParameters: [Tensor]) {
    let (operation, x) = (link.operation, link.input)
    let parameters = workload == .training ? operation.parameters : []
    func pull(_ inputs: [Tensor], _ direction: String, read: [Tensor]) throws -> [Tensor] {
      guard !inputs.isEmpty else { return [] }
      var found: [Tensor] = []
      let time = try ContinuousClock().measure {
        found = try vectorJacobianProduct(
          outputs: [link.output], inputs: inputs, vectors: [upstream], retainGraph: true)
      }
      ledger.note(
        operation, direction, input: x, output: link.output, touched: read + [upstream] + found,
        seconds: time / .seconds(1))
      return found
    }
    let inputs = x.requiresGradient ? [x] : []
    guard operation.kind.multipliesWeights else {
      let found = try pull(inputs + parameters, "backward", read: [x])
      return (found[0], Array(found.dropFirst()))
    }
    let weight = operation.parameters[0]
    let ofInput = try pull(inputs, "towards the input", read: [weight]).first
    return (ofInput ?? upstream, try pull(parameters, "towards the weight", read: [x]))
  }

  /// The rest of a training step: the test of the gradients, and the optimiser's chain.
  func update(with gradients: [Tensor]) {
    let parameters = network.parameters
    let named = NamedTensors(zip(parameters.names, gradients))
    var notFinite: String?
    let test = ContinuousClock().measure { notFinite = named.firstNotFinite }
    precondition(notFinite == nil, "a gradient of the benchmark's network is not finite")
    ledger.note("test of gradients", touched: gradients, seconds: test / .seconds(1))
    let update = ContinuousClock().measure {
      step.optimizer.update(parameters, with: named, step: stepIndex)
    }
    // Weight and momentum are read and written.
    let state = Array(repeating: parameters.tensors, count: 4).joined()
    ledger.note("update", touched: gradients + state, seconds: update / .seconds(1))
  }
}
