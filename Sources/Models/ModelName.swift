/// The networks that can be built by name.
public enum ModelName: String, Sendable, CaseIterable, Codable {
  case vgg5, vgg11, vgg13, vgg16, vgg19
  case resnet18, resnet34
  case nfResNet18 = "nf-resnet18"
  case nfResNet34 = "nf-resnet34"
  case nfResNet50 = "nf-resnet50"

  /// What it takes to build one of a family.
  enum Family {
    case vgg(VGGConfiguration.Depth)
    case resNet(ResNetConfiguration.Depth)
    case nfResNet(NFResNetConfiguration.Depth)
  }

  var family: Family {
    switch self {
    case .vgg5: .vgg(.vgg5)
    case .vgg11: .vgg(.vgg11)
    case .vgg13: .vgg(.vgg13)
    case .vgg16: .vgg(.vgg16)
    case .vgg19: .vgg(.vgg19)
    case .resnet18: .resNet(.resnet18)
    case .resnet34: .resNet(.resnet34)
    case .nfResNet18: .nfResNet(.nfResNet18)
    case .nfResNet34: .nfResNet(.nfResNet34)
    case .nfResNet50: .nfResNet(.nfResNet50)
    }
  }

  /// The stem that a network of this name has unless another is asked for; nil where it has no choice of stems.
  public func standardStem(imageSize: Int) -> Stem? {
    if case .vgg = family { nil } else { .standard(imageSize: imageSize) }
  }
}
