using System.Diagnostics.CodeAnalysis;

namespace ActorSocket.Listings;

/// <summary>
/// Which listings have changed since somebody looked, each once, the first first. One that came and went meanwhile is taken out again, so
/// that no more wait than are listed, or were when it was looked last.
/// </summary>
/// <remarks>For one thread at a time.</remarks>
internal sealed class ChangedIds
{
    private readonly LinkedList<string> _order = [];
    private readonly Dictionary<string, LinkedListNode<string>> _nodes = new(StringComparer.Ordinal);

    public int Count => _nodes.Count;

    /// <param name="id">It has changed.</param>
    /// <param name="isOrWasThere">Else it came and went.</param>
    public void Note(string id, bool isOrWasThere)
    {
        if (isOrWasThere)
            Add(id);
        else
            Remove(id);
    }

    public void Add(string id)
    {
        if (!_nodes.ContainsKey(id))
            _nodes.Add(id, _order.AddLast(id));
    }

    public void Remove(string id)
    {
        if (_nodes.Remove(id, out var node))
            _order.Remove(node);
    }

    public bool TryPeek([MaybeNullWhen(false)] out string id)
    {
        id = _order.First?.Value;
        return id is not null;
    }

    public bool TryTake([MaybeNullWhen(false)] out string id)
    {
        if (!TryPeek(out id))
            return false;
        Remove(id);
        return true;
    }
}
