using System.Collections;
using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Sockets;

/// <summary>
/// Checks an argument by the attributes of System.ComponentModel.DataAnnotations: those of the handler's parameter, those of the members of
/// its type (of a record also where they stand on the constructor's parameters), and so on inside of it, through lists and dictionaries.
/// What is to be looked at is found out once for each type.
/// </summary>
/// <remarks>The framework's <see cref="Validator"/> looks at one object, and neither inside it nor at a record's parameters.</remarks>
internal sealed class ArgumentValidator
{
    private const int MaxFaults = 32; // an answer is not to be larger than what it answers

    private readonly ArgumentShapes _shapes;
    private readonly ValidationAttribute[] _own;
    private readonly string _name;

    private ArgumentValidator(ArgumentShapes shapes, ValidationAttribute[] own, string name)
    {
        _shapes = shapes;
        _own = own;
        _name = name;
    }

    /// <summary>Null where nothing is to be checked.</summary>
    public static ArgumentValidator? For(ArgumentShapes shapes, ParameterInfo parameter, Type type)
    {
        ValidationAttribute[] own = [.. parameter.GetCustomAttributes<ValidationAttribute>()];
        return own.Length > 0 || shapes.MayBeFaulty(type) ? new ArgumentValidator(shapes, own, parameter.Name ?? "") : null;
    }

    /// <exception cref="InvalidArgumentException">It is not valid.</exception>
    public void Check(object? value, int number, Socket? socket)
    {
        var walk = new Walk(_shapes, socket);
        if (_own.Length > 0)
            walk.Judge(value, _own, walk.NewContext(value ?? this, _name, _name), "");
        if (walk.Faults is null)
            walk.Look(value, "");
        if (walk.Faults is { } faults)
            throw new InvalidArgumentException(number, faults);
    }

    private sealed class Walk(ArgumentShapes shapes, Socket? socket)
    {
        private HashSet<object>? _seen; // below the first level: with references in its JSON it may go in circles
        private int _count;

        /// <summary>What is wrong, by the path of the member; null: nothing.</summary>
        public SortedDictionary<string, List<string>>? Faults { get; private set; }

        public ValidationContext NewContext(object instance, string member, string display)
        {
            var context = new ValidationContext(instance, display, serviceProvider: null, items: null) { MemberName = member };
            if (socket is not null) // its scope is made when an attribute asks for a service
                context.InitializeServiceProvider(type => socket.Services.GetService(type));
            return context;
        }

        /// <summary>As <see cref="Validator"/>: who lacks what is required hears of that, and of nothing else.</summary>
        public bool Judge(
            object? value, ValidationAttribute[] attributes, ValidationContext context, string path, ArgumentShape? whole = null)
        {
            if (Array.Find(attributes, static one => one is RequiredAttribute) is { } required && !Passes(required))
                return false;
            var all = true;
            foreach (var attribute in attributes)
                all &= attribute is RequiredAttribute || Passes(attribute);
            return all;

            bool Passes(ValidationAttribute attribute)
            {
                if (attribute.GetValidationResult(value, context) is not { } fault)
                    return true;
                Add(path, fault, whole);
                return false;
            }
        }

        public void Look(object? value, string path)
        {
            if (value is null || _count >= MaxFaults || !shapes.MayBeFaulty(value.GetType()))
                return;
            if (path.Length > 0 && !value.GetType().IsValueType)
            {
                _seen ??= new HashSet<object>(ReferenceEqualityComparer.Instance);
                if (!_seen.Add(value))
                    return;
            }
            if (value is IDictionary dictionary)
            {
                foreach (DictionaryEntry entry in dictionary)
                    Look(entry.Value, $"{path}[{entry.Key}]");
                return;
            }
            if (value is IEnumerable list)
            {
                var index = 0;
                foreach (var item in list)
                    Look(item, $"{path}[{index++}]");
                return;
            }
            LookAtMembers(value, path);
        }

        private void LookAtMembers(object value, string path)
        {
            var shape = shapes.Of(value.GetType());
            var before = _count;
            var context = NewContext(value, shape.Type.Name, shape.Type.Name); // one for all that is asked about it, as it is asked
            foreach (var member in shape.Members)
            {
                var at = path.Length == 0 ? member.JsonName : $"{path}.{member.JsonName}";
                var inner = member.Property.GetValue(value);
                (context.MemberName, context.DisplayName) = (member.Property.Name, member.DisplayName);
                if (Judge(inner, member.Attributes, context, at))
                    Look(inner, at);
            }
            if (_count > before) // as Validator: the whole is looked at when its parts are well
                return;
            (context.MemberName, context.DisplayName) = (null, shape.Type.Name);
            if (!Judge(value, shape.Attributes, context, path, shape) || value is not IValidatableObject own)
                return;
            foreach (var fault in own.Validate(context))
            {
                if (fault is not null)
                    Add(path, fault, shape);
            }
        }

        /// <summary>What is wrong with a whole stands under the members that it names, by the names that the client knows.</summary>
        private void Add(string path, ValidationResult fault, ArgumentShape? whole)
        {
            _count++;
            string[] members = whole is null ? [] : [.. fault.MemberNames.Select(whole.JsonNameOf)];
            if (members.Length == 0)
                Add(path, fault.ErrorMessage ?? "");
            foreach (var member in members)
                Add(path.Length == 0 ? member : $"{path}.{member}", fault.ErrorMessage ?? "");
        }

        private void Add(string path, string message)
        {
            Faults ??= new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
            if (!Faults.TryGetValue(path, out var messages))
                Faults[path] = messages = [];
            messages.Add(message);
        }
    }
}

/// <summary>What is to be checked of types, as a server's JSON names their members.</summary>
internal sealed class ArgumentShapes(SocketJson json)
{
    private readonly ConcurrentDictionary<Type, ArgumentShape> _shapes = new();
    private readonly ConcurrentDictionary<Type, bool> _faulty = new();

    public ArgumentShape Of(Type type) => _shapes.GetOrAdd(type, NewShape);

    /// <summary>Whether anything in a value of this type is to be checked.</summary>
    public bool MayBeFaulty(Type type) => _faulty.GetOrAdd(type, one => MayBeFaulty(one, []));

    private bool MayBeFaulty(Type type, HashSet<Type> seen)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsPrimitive || type.IsEnum || type.Namespace?.StartsWith("System.Text.Json", StringComparison.Ordinal) == true)
            return false;
        if (type == typeof(string) || type == typeof(SocketArgument) || type.IsAssignableTo(typeof(Stream)) || !seen.Add(type))
            return false;
        if (type.IsAssignableTo(typeof(IEnumerable)))
            return ItemsOf(type).Any(item => MayBeFaulty(item, seen));
        if (type.Namespace is "System" or "System.Numerics")
            return type.IsGenericType && type.GetGenericArguments().Any(item => MayBeFaulty(item, seen));
        var shape = Of(type);
        return shape.Attributes.Length > 0
            || type.IsAssignableTo(typeof(IValidatableObject))
            || shape.Members.Any(member => member.Attributes.Length > 0 || MayBeFaulty(member.Property.PropertyType, seen))
            || type.GetCustomAttributes<JsonDerivedTypeAttribute>(inherit: false).Any(one => MayBeFaulty(one.DerivedType, seen));
    }

    private static IEnumerable<Type> ItemsOf(Type list) =>
        list.HasElementType ? [list.GetElementType()!]
        : list.IsGenericType ? list.GetGenericArguments()
        : list.GetInterfaces().Where(static one => one.IsGenericType).SelectMany(static one => one.GetGenericArguments());

    private ArgumentShape NewShape(Type type)
    {
        var parameters = PrimaryConstructor(type)?.GetParameters() ?? [];
        var members = new List<ArgumentMember>();
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public))
        {
            if (property.GetMethod is not { IsPublic: true } || property.GetIndexParameters().Length > 0)
                continue;
            var ofRecord = Array.Find(parameters, one => one.ParameterType == property.PropertyType
                && string.Equals(one.Name, property.Name, StringComparison.OrdinalIgnoreCase));
            var name = property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name
                ?? json.Options.PropertyNamingPolicy?.ConvertName(property.Name)
                ?? property.Name;
            names[property.Name] = name;
            ValidationAttribute[] attributes =
            [
                .. property.GetCustomAttributes<ValidationAttribute>(),
                .. ofRecord?.GetCustomAttributes<ValidationAttribute>() ?? [],
            ];
            var display = property.GetCustomAttribute<DisplayAttribute>() ?? ofRecord?.GetCustomAttribute<DisplayAttribute>();
            if (attributes.Length > 0 || !IsPlain(property.PropertyType))
                members.Add(new ArgumentMember(property, name, display?.GetName() ?? name, attributes));
        }
        return new ArgumentShape(type, [.. members], [.. type.GetCustomAttributes<ValidationAttribute>()], names);
    }

    private static bool IsPlain(Type type) => type.IsPrimitive || type.IsEnum || type == typeof(string);

    /// <summary>That by which the serialiser makes it; a record's copy constructor is not.</summary>
    private static ConstructorInfo? PrimaryConstructor(Type type)
    {
        var all = type.GetConstructors();
        return Array.Find(all, static one => one.IsDefined(typeof(JsonConstructorAttribute)))
            ?? all.MaxBy(static one => one.GetParameters().Length);
    }
}

/// <summary>What is to be checked of one type.</summary>
/// <param name="Type">The type.</param>
/// <param name="Members">Those that have something to be checked, or may have inside.</param>
/// <param name="Attributes">Of the whole.</param>
/// <param name="Names">Of all members, as JSON has them.</param>
internal sealed record ArgumentShape(
    Type Type, ArgumentMember[] Members, ValidationAttribute[] Attributes, Dictionary<string, string> Names)
{
    public string JsonNameOf(string member) => Names.GetValueOrDefault(member, member);
}

/// <summary>What is to be checked of a member.</summary>
internal sealed record ArgumentMember(PropertyInfo Property, string JsonName, string DisplayName, ValidationAttribute[] Attributes);
