using System.Buffers;
using System.Collections;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using NetSocket = System.Net.Sockets.Socket;

namespace ActorSocket.EventLoops;

/// <summary>
/// Its own features are itself, which costs nothing; what Kestrel and endpoint middleware add to them stands in a list of few.
/// </summary>
internal sealed partial class LoopConnection
    : IFeatureCollection,
        IConnectionIdFeature,
        IConnectionTransportFeature,
        IConnectionItemsFeature,
        IConnectionLifetimeFeature,
        IConnectionEndPointFeature,
        IMemoryPoolFeature,
        IConnectionSocketFeature
{
    private List<KeyValuePair<Type, object>>? _added;
    private int _revision;
    private readonly Lock _handleGate = new();
    private NetSocket? _handle;
    private bool _hasNoHandle;

    public override IFeatureCollection Features => this;

    MemoryPool<byte> IMemoryPoolFeature.MemoryPool => LoopSettings.Pool;

    /// <summary>For its options only: who reads or writes by it takes bytes away from the loop.</summary>
    NetSocket IConnectionSocketFeature.Socket
    {
        get
        {
            lock (_handleGate)
            {
                ObjectDisposedException.ThrowIf(_hasNoHandle, this);
                return _handle ??= new NetSocket(new SafeSocketHandle(_socket.Descriptor, ownsHandle: false));
            }
        }
    }

    /// <summary>The descriptor's number may be another connection's next.</summary>
    private void EndHandle()
    {
        lock (_handleGate)
        {
            _hasNoHandle = true;
            _handle?.Dispose();
        }
    }

    bool IFeatureCollection.IsReadOnly => false;

    int IFeatureCollection.Revision => _revision;

    object? IFeatureCollection.this[Type key]
    {
        get
        {
            foreach (var (type, feature) in _added ?? [])
            {
                if (type == key)
                    return feature;
            }
            return IsOwn(key) ? this : null;
        }
        set
        {
            _revision++;
            _added ??= new(4);
            _added.RemoveAll(pair => pair.Key == key);
            if (value is not null && !ReferenceEquals(value, this))
                _added.Add(new(key, value));
        }
    }

    TFeature? IFeatureCollection.Get<TFeature>()
        where TFeature : default => (TFeature?)((IFeatureCollection)this)[typeof(TFeature)];

    void IFeatureCollection.Set<TFeature>(TFeature? instance)
        where TFeature : default => ((IFeatureCollection)this)[typeof(TFeature)] = instance;

    IEnumerator<KeyValuePair<Type, object>> IEnumerable<KeyValuePair<Type, object>>.GetEnumerator()
    {
        foreach (var type in Own)
            yield return new(type, this);
        foreach (var pair in _added ?? [])
            yield return pair;
    }

    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable<KeyValuePair<Type, object>>)this).GetEnumerator();

    private static readonly Type[] Own =
    [
        typeof(IConnectionIdFeature),
        typeof(IConnectionTransportFeature),
        typeof(IConnectionItemsFeature),
        typeof(IConnectionLifetimeFeature),
        typeof(IConnectionEndPointFeature),
        typeof(IMemoryPoolFeature),
        typeof(IConnectionSocketFeature),
        typeof(ILoopConnection),
    ];

    private static bool IsOwn(Type key) => Array.IndexOf(Own, key) >= 0;
}
