# The lobby server, in an image without shell and package manager, as a user who is not root; its root file system may be read-only. docs/containers tells
# what it was run with.
FROM node:22-bookworm-slim AS client
WORKDIR /client
COPY src/ActorSocket/client/package.json src/ActorSocket/client/package-lock.json src/ActorSocket/client/.npmrc ./
RUN npm ci --no-audit --no-fund
WORKDIR /ui
COPY src/ActorSocket.AdminUi/ui/package.json src/ActorSocket.AdminUi/ui/package-lock.json src/ActorSocket.AdminUi/ui/.npmrc ./
RUN npm ci --no-audit --no-fund

FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
WORKDIR /source
COPY . .
# What the build takes from npm; newer than the lock file, so that it does not ask for npm itself.
COPY --from=client /client/node_modules src/ActorSocket/client/node_modules
COPY --from=client /ui/node_modules src/ActorSocket.AdminUi/ui/node_modules
RUN touch src/ActorSocket.AdminUi/ui/node_modules/@socket.io/admin-ui/ui/dist/index.html \
 && touch src/ActorSocket/client/node_modules/socket.io-client/dist/socket.io.min.js \
 && dotnet publish src/ActorSocket.Server -c Release -o /app \
 && mkdir /data

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
WORKDIR /app
COPY --from=build /app .
# One server keeps its lobbies in a file; several share a database: see docker-compose.yml.
COPY --from=build --chown=1654:1654 /data /data
VOLUME /data
ENV ActorSocket__Persistence__ConnectionString="Data Source=/data/lobbies.db" \
    ASPNETCORE_FORWARDEDHEADERS_ENABLED=true
# The image's own user, by number: Kubernetes' runAsNonRoot reads no names.
USER 1654
EXPOSE 3000 8101
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 \
  CMD ["dotnet", "ActorSocket.Server.dll", "health", "http://127.0.0.1:3000/health/ready"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["dotnet", "ActorSocket.Server.dll", "--urls", "http://0.0.0.0:3000"]
