using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Configuration;
using Akka.DistributedData;
using ActorSocket.Clustering;
using Nodes = Akka.Cluster.Cluster;

namespace ActorSocket.IntegrationTests.Infrastructure;

/// <summary>A node that is an actor system and no server: the test says what it tells the others.</summary>
internal sealed class ClusterSystem : IAsyncDisposable
{
    private readonly ActorSystem _system;

    private ClusterSystem(ActorSystem system) => _system = system;

    /// <summary>What the library asks of Akka.</summary>
    public static string Hocon { get; } =
        "akka.actor.provider = cluster\nakka.remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }\nakka.loglevel = WARNING\n"
        + Read<EngineIoServer>("engine")
        + "\n"
        + Read<ActorSocketServer>("reference")
        + "\n"
        + Read<ClusterAdapter>("messages")
        + "\n"
        + Read<ClusterAdapter>("cluster");

    /// <summary>
    /// Joins the node's cluster. <paramref name="answer"/> is called with each message that is sent to it, and whom it may tell something.
    /// </summary>
    public static async Task<ClusterSystem> JoinAsync(Node node, Action<IClusterMessage, IActorRef, IActorRef> answer)
    {
        var system = await StartAsync(0, answer);
        await Nodes.Get(system._system).JoinAsync(node.Cluster.SelfAddress);
        return system;
    }

    /// <summary>Listens, and is of no cluster.</summary>
    public static async Task<ClusterSystem> StartAsync(int port, Action<IClusterMessage, IActorRef, IActorRef> answer)
    {
        var own = ConfigurationFactory.ParseString(
            $"akka.remote.dot-netty.tcp.port = {port}\nakka.coordinated-shutdown.run-by-actor-system-terminate = off\n"
                + Hocon.Replace(", port = 0", "", StringComparison.Ordinal)
        );
        var system = new ClusterSystem(
            ActorSystem.Create(
                "actorsocket",
                own.WithFallback(ClusterSharding.DefaultConfig()).WithFallback(DistributedData.DefaultConfig())
            )
        );
        var root = system._system.ActorOf(Props.Create(() => new Parent(answer)), "actorsocket");
        await root.Ask<ActorIdentity>(new Identify(1), Node.Patience);
        return system;
    }

    /// <summary>Ends it as a crash does: it tells nobody.</summary>
    public Task CrashAsync() => _system.Terminate();

    public Address Address => Nodes.Get(_system).SelfAddress;

    public ActorSelection Select(Node node, string path) => _system.ActorSelection(new RootActorPath(node.Cluster.SelfAddress) + path);

    public async ValueTask DisposeAsync()
    {
        await Nodes.Get(_system).LeaveAsync();
        await _system.Terminate();
    }

    private static string Read<T>(string name)
    {
        using var stream = typeof(T).Assembly.GetManifestResourceStream($"ActorSocket.hocon.{name}.conf")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private sealed class Parent : UntypedActor
    {
        public Parent(Action<IClusterMessage, IActorRef, IActorRef> answer) =>
            Context.ActorOf(Props.Create(() => new Peers(answer)), "peers");

        protected override void OnReceive(object message)
        {
        }
    }

    private sealed class Peers : UntypedActor
    {
        private readonly Action<IClusterMessage, IActorRef, IActorRef> _answer;
        private readonly IActorRef _links;

        public Peers(Action<IClusterMessage, IActorRef, IActorRef> answer)
        {
            _answer = answer;
            _links = Context.ActorOf(Props.Create(() => new Links(answer)), "links");
        }

        protected override void OnReceive(object message)
        {
            // A hello is made the answer to itself by what the test changes of it.
            if (message is IClusterMessage told)
                _answer(
                    told is ClusterProtocol.Hello hello
                        ? hello with
                        {
                            Uid = Nodes.Get(Context.System).SelfUniqueAddress.Uid,
                            LinksUid = _links.Path.Uid,
                        }
                        : told,
                    Sender,
                    Self
                );
        }
    }

    private sealed class Links(Action<IClusterMessage, IActorRef, IActorRef> answer) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is IClusterMessage told)
                answer(told, Sender, Self);
        }
    }
}
