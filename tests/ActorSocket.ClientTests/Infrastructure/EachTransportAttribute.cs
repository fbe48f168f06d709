using System.Reflection;
using Xunit.Sdk;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>Runs a theory by long-polling, by WebSocket, and across the upgrade from one to the other.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EachTransportAttribute : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [["polling"], ["websocket"], ["upgrade"]];
}
