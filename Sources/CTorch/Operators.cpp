// Calls any operator through the dispatcher's boxed interface: one C function reaches all of ATen,
// and the project's own operators, with conversion guided by the operator's schema.
#include "Bridge.h"
#include <ATen/core/Generator.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <sstream>

using bridge::borrow;
using bridge::own;
using c10::IValue;

namespace {

/// What a schema's argument type asks of the conversion; everything else is `Plain`.
enum Kind : uint8_t { Plain, Float, TensorList, OptionalTensorList, IntList, FloatList, BoolList };

Kind kind_of(c10::TypePtr type) {
  if (auto optional = type->cast<c10::OptionalType>()) type = optional->getElementType();
  if (type->kind() == c10::TypeKind::FloatType) return Float;
  auto list = type->cast<c10::ListType>();
  if (!list) return Plain;
  auto element = list->getElementType();
  switch (element->kind()) {
    case c10::TypeKind::OptionalType: return OptionalTensorList;
    case c10::TypeKind::TensorType: return TensorList;
    case c10::TypeKind::FloatType: return FloatList;
    case c10::TypeKind::BoolType: return BoolList;
    default: return IntList;
  }
}

template <class Element, class Source>
c10::List<Element> list_of(const Source *values, int32_t count) {
  c10::List<Element> list;
  list.reserve(count);
  for (int32_t i = 0; i < count; ++i) list.push_back(Element(values[i]));
  return list;
}

IValue tensor_list(const CTValue &value, Kind kind) {
  auto handles = static_cast<CTTensor const *>(value.u.p);
  if (kind != OptionalTensorList) return IValue(bridge::borrow_all(handles, value.count));
  c10::List<std::optional<at::Tensor>> list;
  list.reserve(value.count);
  for (int32_t i = 0; i < value.count; ++i)
    list.push_back(handles[i] ? std::optional<at::Tensor>(borrow(handles[i])) : std::nullopt);
  return list;
}

IValue to_ivalue(const CTValue &value, Kind kind, const c10::Argument &argument) {
  switch (value.tag) {
    case CTTagNone: return IValue();
    case CTTagTensor: return IValue(borrow(static_cast<CTTensor>(value.u.p)));
    case CTTagInt:
      if (kind == Float) return IValue(double(value.u.i));
      if (kind == IntList) return IValue(c10::List<int64_t>({value.u.i}));
      return IValue(value.u.i);
    case CTTagDouble: return IValue(value.u.d);
    case CTTagBool: return IValue(value.u.i != 0);
    case CTTagString: return IValue(std::string(static_cast<const char *>(value.u.p), value.count));
    case CTTagInts: {
      auto p = static_cast<const int64_t *>(value.u.p);
      if (kind == FloatList) return list_of<double>(p, value.count);
      return IValue(at::IntArrayRef(p, value.count));
    }
    case CTTagDoubles:
      return IValue(at::ArrayRef<double>(static_cast<const double *>(value.u.p), value.count));
    case CTTagBools: return list_of<bool>(static_cast<const bool *>(value.u.p), value.count);
    case CTTagTensors: return tensor_list(value, kind);
    case CTTagDevice:
      return IValue(c10::Device(c10::DeviceType(value.u.i >> 8), c10::DeviceIndex((value.u.i & 255) - 1)));
    case CTTagGenerator: return IValue(*static_cast<at::Generator *>(value.u.p));
    case CTTagDefault: {
      auto &fallback = argument.default_value();
      TORCH_CHECK(fallback.has_value(), "argument '", argument.name(), "' has no default");
      return *fallback;
    }
  }
  return IValue();
}

template <class Element, class Source>
void *copied(const Source &values) {
  auto p = static_cast<Element *>(malloc(sizeof(Element) * (values.size() + 1)));
  for (size_t i = 0; i < values.size(); ++i) p[i] = values[i];
  return p;
}

CTValue from_ivalue(IValue &&value) {
  CTValue result{CTTagNone, 0, {0}};
  if (value.isTensor()) {
    result.u.p = own(std::move(value).toTensor());
    result.tag = result.u.p ? CTTagTensor : CTTagNone;
  } else if (value.isInt()) {
    result = {CTTagInt, 0, {value.toInt()}};
  } else if (value.isSymInt()) {
    result = {CTTagInt, 0, {value.toSymInt().guard_int(__FILE__, __LINE__)}};
  } else if (value.isDouble()) {
    result.tag = CTTagDouble;
    result.u.d = value.toDouble();
  } else if (value.isBool()) {
    result = {CTTagBool, 0, {int64_t(value.toBool())}};
  } else if (value.isTensorList()) {
    auto list = value.toTensorVector();
    std::vector<CTTensor> handles;
    for (auto &tensor : list) handles.push_back(own(std::move(tensor)));
    result = {CTTagTensors, int32_t(handles.size()), {0}};
    result.u.p = copied<CTTensor>(handles);
  } else if (value.isIntList()) {
    auto list = value.toIntVector();
    result = {CTTagInts, int32_t(list.size()), {0}};
    result.u.p = copied<int64_t>(list);
  } else {
    TORCH_CHECK_NOT_IMPLEMENTED(value.isNone(), "result of type ", value.tagKind());
  }
  return result;
}

/// Shapes and types of the tensors in a failed call, for the error text.
void describe(const CTValue *arguments, int32_t count, CTError *error) {
  std::ostringstream text;
  auto add = [&](CTTensor handle) {
    auto tensor = borrow(handle);
    text << (text.tellp() > 0 ? ", " : "") << tensor.sizes() << " " << c10::toString(tensor.scalar_type());
  };
  for (int32_t i = 0; i < count; ++i) {
    auto &value = arguments[i];
    if (value.tag == CTTagTensor) add(static_cast<CTTensor>(value.u.p));
    if (value.tag == CTTagTensors)
      for (int32_t j = 0; j < value.count; ++j)
        if (auto handle = static_cast<CTTensor const *>(value.u.p)[j]) add(handle);
  }
  error->arguments = strdup(text.str().c_str());
}

}  // namespace

struct CTOperatorInfo {
  c10::OperatorHandle handle;
  std::vector<Kind> kinds;
};

extern "C" {

CTOperator ct_operator(const char *name, const char *overload, CTError *error) {
  return bridge::guarded(error, nullptr, [&]() -> CTOperator {
    auto handle = c10::Dispatcher::singleton().findSchemaOrThrow(name, overload);
    auto *info = new CTOperatorInfo{handle, {}};  // looked up once per operator, kept for good
    for (auto &argument : handle.schema().arguments()) info->kinds.push_back(kind_of(argument.type()));
    return info;
  });
}

int32_t ct_call(CTOperator op, const CTValue *arguments, int32_t count, CTValue *results,
                int32_t capacity, CTError *error) {
  int32_t produced = bridge::guarded(error, -1, [&]() -> int32_t {
    auto &schema = op->handle.schema();
    auto &declared = schema.arguments();
    TORCH_CHECK(size_t(count) <= declared.size(), "takes ", declared.size(), " arguments, got ", count);
    torch::jit::Stack stack;
    stack.reserve(std::max<size_t>(declared.size(), schema.returns().size()));
    for (int32_t i = 0; i < count; ++i)
      stack.push_back(to_ivalue(arguments[i], op->kinds[i], declared[i]));
    for (size_t i = count; i < declared.size(); ++i) {
      auto &fallback = declared[i].default_value();
      TORCH_CHECK(fallback.has_value(), "missing argument '", declared[i].name(), "'");
      stack.push_back(*fallback);
    }
    op->handle.callBoxed(stack);
    TORCH_CHECK(stack.size() <= size_t(capacity), "more than ", capacity, " results");
    for (size_t i = 0; i < stack.size(); ++i) results[i] = from_ivalue(std::move(stack[i]));
    return int32_t(stack.size());
  });
  if (produced < 0) describe(arguments, count, error);
  return produced;
}

int32_t ct_operator_schema(CTOperator op, char *buffer, int32_t capacity) {
  auto text = c10::toString(op->handle.schema());
  snprintf(buffer, capacity, "%s", text.c_str());
  return int32_t(text.size());
}

void ct_free(void *p) { free(p); }

}  // extern "C"
