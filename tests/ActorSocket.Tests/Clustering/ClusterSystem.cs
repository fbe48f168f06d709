using System.Reflection;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Configuration;
using Akka.DistributedData;
using ActorSocket.Clustering;
using ActorSocket.Tests.Operations;
using Nodes = Akka.Cluster.Cluster;

namespace ActorSocket.Tests.Clustering;

/// <summary>A node that is an actor system and no server: the test says what it tells the others.</summary>
internal sealed class ClusterSystem : IAsyncDisposable
{
    private readonly ActorSystem _system;

    private ClusterSystem(ActorSystem system) => _system = system;

    /// <summary>What the library asks of Akka.</summary>
    public static string Hocon { get; } =
        "akka.actor.provider = cluster\nakka.remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }\nakka.loglevel = WARNING\n" + Read("reference") + "\n" + Read("cluster");

    /// <summary>Joins the node's cluster. <paramref name="answer"/> is called with each message that is sent to it, and whom it may tell something.</summary>
    public static async Task<ClusterSystem> JoinAsync(Node node, Action<IClusterMessage, IActorRef, IActorRef> answer)
    {
        var system = new ClusterSystem(ActorSystem.Create("actorsocket", ConfigurationFactory.ParseString(Hocon).WithFallback(ClusterSharding.DefaultConfig()).WithFallback(DistributedData.DefaultConfig())));
        var root = system._system.ActorOf(Props.Create(() => new Parent(answer)), "actorsocket");
        await root.Ask<ActorIdentity>(new Identify(1), Node.Patience);
        await Nodes.Get(system._system).JoinAsync(node.Cluster.SelfAddress);
        return system;
    }

    public Address Address => Nodes.Get(_system).SelfAddress;

    public ActorSelection Select(Node node, string path) => _system.ActorSelection(new RootActorPath(node.Cluster.SelfAddress) + path);

    public async ValueTask DisposeAsync()
    {
        await Nodes.Get(_system).LeaveAsync();
        await _system.Terminate();
    }

    private static string Read(string name)
    {
        using var stream = Assembly.GetAssembly(typeof(ClusterProtocol))!.GetManifestResourceStream($"ActorSocket.hocon.{name}.conf")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private sealed class Parent : UntypedActor
    {
        public Parent(Action<IClusterMessage, IActorRef, IActorRef> answer) => Context.ActorOf(Props.Create(() => new Peers(answer)), "peers");

        protected override void OnReceive(object message)
        {
        }
    }

    private sealed class Peers(Action<IClusterMessage, IActorRef, IActorRef> answer) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is IClusterMessage told)
                answer(told, Sender, Self);
        }
    }
}
