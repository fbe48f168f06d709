using System.Text;
using System.Text.Json;

namespace ActorSocket.TestKit;

/// <summary>An event that has come to a client, or that a probe has seen.</summary>
public sealed class ReceivedEvent
{
    private const int Shown = 200;

    private readonly Action<IReadOnlyList<object?>>? _ack;
    private int _isAcknowledged;

    internal ReceivedEvent(string name, SocketArguments arguments, Action<IReadOnlyList<object?>>? ack = null)
    {
        Name = name;
        Arguments = arguments;
        _ack = ack;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>
    /// Its arguments, still encoded. With connection state recovery the last one of a client's events is the event's offset, as on the
    /// wire.
    /// </summary>
    public SocketArguments Arguments { get; }

    /// <summary>Whether the server asked for an acknowledgement, and has none yet.</summary>
    public bool IsAckWanted => _ack is not null && Volatile.Read(ref _isAcknowledged) == 0;

    /// <summary>One of its arguments; one that is missing is the type's default.</summary>
    /// <param name="index">From 0 on.</param>
    /// <exception cref="ExpectationException">It is of another shape.</exception>
    public T? As<T>(int index = 0)
    {
        try
        {
            return index < Arguments.Count ? Arguments[index].As<T>() : default;
        }
        catch (JsonException error)
        {
            throw new ExpectationException(
                $"{this} came, but its argument {index + 1} cannot be read as a {typeof(T).Name}: {error.Message}",
                error);
        }
    }

    /// <summary>Acknowledges it, without an argument.</summary>
    /// <exception cref="InvalidOperationException">The server did not ask for it, or has been answered.</exception>
    public void Ack() => AckAll([]);

    /// <summary>Acknowledges it with one argument.</summary>
    /// <exception cref="InvalidOperationException">The server did not ask for it, or has been answered.</exception>
    public void Ack(object? value) => AckAll([value]);

    /// <summary>Acknowledges it with any number of arguments.</summary>
    /// <param name="values">Each item is one.</param>
    /// <exception cref="InvalidOperationException">The server did not ask for it, or has been answered.</exception>
    public void AckAll(IReadOnlyList<object?> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (_ack is null)
            throw new InvalidOperationException($"Nobody waits for an acknowledgement of {this}.");
        if (Interlocked.Exchange(ref _isAcknowledged, 1) != 0)
            throw new InvalidOperationException($"{this} has been acknowledged.");
        _ack(values);
    }

    /// <summary>As failures show it: <c>said("Ada", {"text":"hi"})</c>. A long argument is cut.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Name).Append('(');
        foreach (var argument in Arguments)
        {
            if (text[^1] != '(')
                text.Append(", ");
            var json = argument.ToString();
            text.Append(json.Length <= Shown ? json : string.Concat(json.AsSpan(0, Shown), "…"));
        }
        return text.Append(')').ToString();
    }
}
