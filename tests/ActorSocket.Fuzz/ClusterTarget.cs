using ActorSocket.Data;
using ActorSocket.Emitting;
using System.Collections;
using System.Reflection;
using Akka.Actor;
using ActorSocket.Clustering;
using ActorSocket.Delivery;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Fuzz;

/// <summary>
/// What nodes tell each other: any message of any kind, made by its constructor, is the same once it is written and read; and whatever the
/// bytes are, reading ends.
/// </summary>
internal sealed class ClusterTarget : Target
{
    private static readonly Type[] Kinds =
    [
        .. typeof(IClusterMessage)
            .Assembly.GetTypes()
            .Where(static type =>
                typeof(IClusterMessage).IsAssignableFrom(type)
                && type is { IsClass: true, IsAbstract: false }
                && type != typeof(UnknownMessage)
            )
            .OrderBy(static type => type.Name, StringComparer.Ordinal),
    ];

    private static readonly NullabilityInfoContext Nullability = new();
    private static readonly Dictionary<Type, (ConstructorInfo Constructor, (Type Type, bool IsNullable)[] Parameters)> Constructors = [];

    private const int MaxHeld = 1024 * 1024;

    private readonly FragmentAssembler _assembler = new(static (_, _) => { }, MaxHeld);

    public override string Name => "cluster";

    public override int Inputs => 100_000;

    public override void Run(FuzzInput input)
    {
        var dice = input.Dice;
        var message = (IClusterMessage)Make(dice, dice.Pick<Type>(Kinds))!;
        var packed = Packed.Of(WithJson(message));
        input.Bytes = packed.Bytes;
        var read = packed.Unpack();
        FuzzInput.Hold(read.GetType() == message.GetType(), $"a {message.GetType().Name} was read as a {read.GetType().Name}");
        FuzzInput.Hold(
            Packed.Of(WithJson(read)).Bytes.AsSpan().SequenceEqual(packed.Bytes),
            $"a {message.GetType().Name} has other bytes once it was read"
        );

        input.Bytes = Mutator.Mutate(dice, packed.Bytes);
        IClusterMessage? spoilt = null;
        input.Bounded(200, 32_768, () =>
        {
            try
            {
                spoilt = ClusterSerializer.Read(packed.Manifest, input.Bytes);
            }
            catch (FormatException)
            {
                // It is dropped, and logged as its sender's mistake.
            }
        });
        if (spoilt is not Fragment fragment)
            return;
        try
        {
            _assembler.TryAdd(fragment, ActorRefs.Nobody, out _);
        }
        catch (FormatException)
        {
            // As above.
        }
        FuzzInput.Hold(_assembler.Bytes <= MaxHeld, $"{_assembler.Bytes} bytes of fragments are held");
    }

    private static IClusterMessage WithJson(IClusterMessage message) =>
        message is ClusterProtocol.Replicate replicate ? replicate with { Json = SocketJson.Default } : message;

    /// <summary>A value of any type that messages are made of.</summary>
    private static object? Make(Dice dice, Type type, int depth = 0)
    {
        if (type == typeof(string))
            return dice.Pick<string>(["", "a", "é/😀", "key", new string('x', 200)]);
        if (type == typeof(long) || type == typeof(int))
            return Convert.ChangeType(dice.OneIn(4) ? (long)(int)dice.Next() : dice.Few(1000), type, null);
        if (type == typeof(bool))
            return dice.OneIn(2);
        if (type == typeof(byte[]))
            return dice.Bytes(dice.Few(60));
        if (type == typeof(TimeSpan))
            return TimeSpan.FromMilliseconds(dice.Below(1_000_000));
        if (type.IsEnum)
            return Enum.GetValues(type).GetValue(dice.Below(Enum.GetValues(type).Length));
        if (type == typeof(EncodedFrame))
            return EncodedFrame.Of(
                dice.OneIn(5) ? [] : dice.Bytes(1 + dice.Few(60)),
                (byte[][])Make(dice, typeof(byte[][]))!,
                dice.OneIn(2)
            );
        if (type == typeof(SocketJson) || type == typeof(IDataOwner) || type == typeof(IRoomMember))
            return null;
        if (type.IsGenericType && type.GetGenericArguments() is [var key, var value] && key == typeof(string))
            return MakeDictionary(dice, value, depth);
        if (
            (
                type.IsArray ? type.GetElementType()
                : type.IsGenericType ? type.GetGenericArguments()[0]
                : null
            )
                is { } element
            && typeof(IEnumerable).IsAssignableFrom(type)
        )
        {
            var items = Array.CreateInstance(element, dice.Few(depth > 2 ? 2 : 4));
            for (var i = 0; i < items.Length; i++)
                items.SetValue(Make(dice, element, depth + 1), i);
            return items;
        }
        var (constructor, parameters) = ConstructorOf(type);
        return constructor.Invoke([
            .. parameters.Select(parameter => parameter.IsNullable && dice.OneIn(3) ? null : Make(dice, parameter.Type, depth + 1)),
        ]);
    }

    private static object MakeDictionary(Dice dice, Type value, int depth)
    {
        var dictionary = (IDictionary)
            Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), value), StringComparer.Ordinal)!;
        for (var i = dice.Few(4); i > 0; i--)
            dictionary["key " + i] = value == typeof(object) ? "value" : Make(dice, value, depth + 1);
        return dictionary;
    }

    private static (ConstructorInfo Constructor, (Type Type, bool IsNullable)[] Parameters) ConstructorOf(Type type)
    {
        lock (Constructors)
        {
            if (!Constructors.TryGetValue(type, out var known))
            {
                var all = type.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                    .Where(one => one.GetParameters() is not [var copied] || copied.ParameterType != type);
                var constructor =
                    all.MaxBy(static one => one.GetParameters().Length)
                    ?? throw new NotSupportedException($"How is a {type} made? Say so in {nameof(ClusterTarget)}.");
                var parameters = constructor
                    .GetParameters()
                    .Select(static one =>
                        (
                            one.ParameterType,
                            !one.ParameterType.IsValueType && Nullability.Create(one).WriteState == NullabilityState.Nullable
                        )
                    );
                Constructors[type] = known = (constructor, [.. parameters]);
            }
            return known;
        }
    }
}
