import Layers
import Models
import Optimization
import Spiking
import Torch

extension WorkerSide {
  /// On a network of its own, as the pass moves running statistics; deflated where the optimiser would.
  func gradients(_ request: WorkerRequest) throws -> WorkerAnswer {
    let type: DType = request.dtype == "float64" ? .float64 : .float32
    let (images, labels) = batch.first(request.images)
    let network = try setting.network(neuron: Self.neuron(released))
    try network.load(weights)
    try network.convertInPlace(to: type)
    var pass = ForwardPass(.training, batchStatistics: released ? .eachStep : .allSteps)
    let logits = network(setting.encoder(images.converted(to: type), &pass), &pass)
    let loss = Self.objective(released)(logits, labels)
    var gradients = loss.gradients(of: network.parameters, retainGraph: true)
    if deflates {
      var deflation = DominantSingularDeflation()
      deflation.apply(to: &gradients, at: network.parameters, step: 0)
    }
    var results = gradients.prefixed("grad.")
    results["logits"] = logits.detached()
    results["loss"] = loss.detached()
    try Safetensors.write(results, to: request.out!)
    return WorkerAnswer(loss: loss.item())
  }
}
