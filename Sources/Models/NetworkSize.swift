import Layers
import Spiking
import Torch

/// How large a network is, counted on the network itself.
public struct NetworkSize: Sendable, Equatable {
  /// Numbers that training moves; running statistics are not among them.
  public let parameters: Int
  /// Spiking (or rectified) units for one image.
  public let neurons: Int
  /// Multiply-accumulates for one image.
  public let operations: OperationCount

  /// Walks one image of zeros through the network in a pass that counts.
  ///
  /// - Parameters:
  ///   - channels, imageSize: of the images that the network takes.
  public init(of network: some SpikingNetwork, channels: Int, imageSize: Int) {
    var pass = ForwardPass(.evaluation)
    pass.operations = OperationCount()
    let image = Tensor.zeros([1, channels, imageSize, imageSize])
    withoutGradients {
      _ = network(Signal(constant: image, steps: 1), &pass)
    }
    parameters = network.parameters.tensors.reduce(0) { $0 + $1.count }
    neurons = pass.activity.reduce(0) { $0 + $1.opportunities }
    operations = pass.operations!
  }
}
