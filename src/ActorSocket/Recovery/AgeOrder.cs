using System.Diagnostics.CodeAnalysis;

namespace ActorSocket.Recovery;

/// <summary>
/// A dictionary that knows its oldest entry. OrderedDictionary does too, but moves everything behind an entry that is removed: too slow for
/// thousands at once.
/// </summary>
internal sealed class AgeOrder<TKey, TValue>(IEqualityComparer<TKey>? comparer = null)
    where TKey : notnull
{
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _nodes = new(comparer);
    private readonly LinkedList<(TKey Key, TValue Value)> _order = []; // oldest first

    public int Count => _nodes.Count;

    /// <summary>Oldest first.</summary>
    public IEnumerable<(TKey Key, TValue Value)> Entries => _order;

    /// <summary>Adds the newest, in place of one with the same key.</summary>
    public void Put(TKey key, TValue value)
    {
        Remove(key, out _);
        _nodes.Add(key, _order.AddLast((key, value)));
    }

    /// <summary>Gives an entry another value and lets it keep its place; adds the newest when there is none.</summary>
    public void Set(TKey key, TValue value)
    {
        if (_nodes.TryGetValue(key, out var node))
            node.Value = (key, value);
        else
            Put(key, value);
    }

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        var found = _nodes.TryGetValue(key, out var node);
        value = found ? node!.Value.Value : default;
        return found;
    }

    public bool TryPeek([MaybeNullWhen(false)] out TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        (key, value) = _order.First is { } oldest ? oldest.Value : default;
        return _order.Count > 0;
    }

    public bool Remove(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        var found = _nodes.Remove(key, out var node);
        value = found ? node!.Value.Value : default;
        if (found)
            _order.Remove(node!);
        return found;
    }
}
