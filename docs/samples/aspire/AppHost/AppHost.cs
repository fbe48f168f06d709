// Three nodes of one chat and Aspire's dashboard: dotnet run --project docs/samples/aspire/AppHost
var builder = DistributedApplication.CreateBuilder(args);

for (var node = 1; node <= 3; node++)
{
    builder.AddProject<Projects.Chat>($"chat-{node}")
        .WithHttpEndpoint()
        .WithHttpHealthCheck("/health/ready")
        .WithActorSocketCluster();
}

builder.Build().Run();
