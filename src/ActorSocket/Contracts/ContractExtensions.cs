using ActorSocket.Contracts;

namespace ActorSocket;

/// <summary>What a server and its clients say to each other, as a document.</summary>
public static class ContractExtensions
{
    /// <summary>
    /// Says by an interface which events of its clients the namespace handles, where that is done by <c>socket.On</c>: the events of hubs
    /// are known without. A method's event is its name in camel case, without "Async", or what its <see cref="EventAttribute"/> says; its
    /// parameters are the arguments, its result is the acknowledgement. Nobody has to implement it, and nothing is checked against it.
    /// </summary>
    /// <returns>The namespace.</returns>
    /// <exception cref="ArgumentException">It is no interface.</exception>
    public static Namespace Handles<TContract>(this Namespace ns)
        where TContract : class
    {
        ArgumentNullException.ThrowIfNull(ns);
        ns.Services.AddHandled(Interface(typeof(TContract)));
        return ns;
    }

    /// <summary>
    /// Says by the interfaces of typed clients (<c>As&lt;TClient&gt;()</c>) which events the namespace emits: a <see cref="Task{TResult}"/>
    /// is the client's acknowledgement.
    /// </summary>
    /// <returns>The namespace.</returns>
    /// <exception cref="ArgumentException">It is no interface.</exception>
    public static Namespace Emits<TClient>(this Namespace ns)
        where TClient : class
    {
        ArgumentNullException.ThrowIfNull(ns);
        ns.Services.AddEmitted(Interface(typeof(TClient)));
        return ns;
    }

    /// <summary>
    /// Writes the contract of the server down, as it is mapped by now: what its hubs handle, what <see cref="Handles"/> and
    /// <see cref="Emits"/> name, and, where the HTTP API is mapped (<c>MapActorSocketApi</c>), by which they are reached, the interfaces of
    /// its entities. It needs not to have started.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// The serializer's options cannot describe a type. The text names the hub or the interface, its method and the type; what the
    /// serializer said is the inner exception.
    /// </exception>
    public static ServerContract DescribeContract(this ActorSocketServer io)
    {
        ArgumentNullException.ThrowIfNull(io);
        var contract = new ContractReader(io.Server).Read();
        return new ServerContract(new AsyncApiWriter(contract).Write(), new TypeScriptWriter(contract).Write());
    }

    private static Type Interface(Type contract) =>
        contract.IsInterface ? contract : throw new ArgumentException($"{contract.Name} is no interface.", nameof(contract));
}
